// How the page looks: light and dark as the reader's system has it, one column on a phone, tables as cards where they would not fit.
export const STYLE = `
:root{color-scheme:light dark;--paper:#fff;--sheet:#f5f6f8;--ink:#1b1f24;--soft:#535d69;--rule:#d5d9df;--link:#0b57c2;
--good:#2e7d4f;--denied:#b3261e;--failed:#8a5200;--limited:#5b4bb3;--loud:#a1201a;--sheet-loud:#fdecea}
@media (prefers-color-scheme:dark){:root{--paper:#14171b;--sheet:#1d2228;--ink:#e6e9ed;--soft:#a9b2bd;--rule:#3a424c;--link:#8ab8ff;
--good:#58b57f;--denied:#ff8a80;--failed:#eeb45c;--limited:#b3a6ff;--loud:#ff9d94;--sheet-loud:#3a2020}}
*{box-sizing:border-box}
html{scroll-padding-top:3.5rem}
body{margin:0 auto;max-width:76rem;padding:0 1rem 3rem;background:var(--paper);color:var(--ink);font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.5rem;margin:1rem 0 0}h2{font-size:1.25rem;margin:0 0 .5rem}h3{font-size:1.05rem;margin:1rem 0 .25rem}h4{font-size:1rem;margin:.5rem 0 .25rem}
p{margin:.25rem 0 .75rem}
section{margin-top:2rem}
a{color:var(--link)}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
code{font:.875em ui-monospace,monospace;background:var(--sheet);padding:.1em .3em}
.quiet{color:var(--soft);font-size:.9rem}
.leap{position:absolute;left:-100rem}.leap:focus{left:1rem;top:.5rem;background:var(--paper);padding:.25rem;z-index:2}
nav{position:sticky;top:0;background:var(--paper);border-bottom:1px solid var(--rule);z-index:1}
nav ul{display:flex;gap:.25rem 1rem;margin:0;padding:.5rem 0;list-style:none;overflow-x:auto;white-space:nowrap}
.verdict{padding:1rem;border-radius:.5rem;color:#fff}
.verdict h2{font-size:1.5rem}.verdict p,.verdict ul{margin:0}
.pass{background:#1e6b3a}.fail{background:#a1201a}.open{background:#7a4a00}.error{background:#5b2a86}
.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr));gap:.5rem;margin:0 0 1rem}
.tiles div{background:var(--sheet);padding:.5rem .75rem;border-radius:.5rem}
.tiles .loud{background:var(--sheet-loud)}.tiles .loud dd{color:var(--loud)}
.tiles dt{color:var(--soft);font-size:.875rem}.tiles dd{margin:0;font-size:1.2rem;font-weight:600;font-variant-numeric:tabular-nums}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(26rem,100%),1fr));gap:1rem 2rem}
.chart{margin:0}.chart figcaption{font-weight:600}.chart figcaption .quiet{font-weight:400}
.plot{display:grid;grid-template:1fr auto 1fr auto/minmax(2rem,auto) 1fr 1fr;gap:0 .4rem;font-size:.8rem;line-height:1.2;color:var(--soft);margin-top:.25rem}
.plot .top,.plot .middle,.plot .zero{grid-column:1;text-align:right}.plot .zero{align-self:end}
.plot svg{overflow:visible;grid-area:1/2/4/4;width:100%;height:8.2rem;border-bottom:1px solid var(--rule);background:var(--sheet)}
.plot .from{grid-area:4/2}.plot .to{grid-area:4/3;text-align:right}
.keys{display:flex;flex-wrap:wrap;gap:0 1rem;list-style:none;margin:.25rem 0 0;padding:0;font-size:.875rem}
.keys i{display:inline-block;width:.8em;height:.8em;border-radius:2px;background:currentColor}
path.succeeded{fill:var(--good)}path.denied{fill:var(--denied)}path.failed{fill:var(--failed)}path.limited{fill:var(--limited)}
i.succeeded{color:var(--good)}i.denied{color:var(--denied)}i.p50{color:var(--soft)}i.p95{color:var(--link)}i.failed{color:var(--failed)}i.limited{color:var(--limited)}
path.line{fill:none;stroke-width:2;vector-effect:non-scaling-stroke}path.p50{stroke:var(--soft)}path.p95{stroke:var(--link)}
path.grid{stroke:var(--rule);vector-effect:non-scaling-stroke}
.spark{width:9rem;height:1.8rem;background:var(--sheet);vertical-align:middle}
table{border-collapse:collapse;width:100%;font-size:.925rem}
caption{text-align:left;color:var(--soft);padding:.25rem 0}
th,td{text-align:left;padding:.35rem .6rem .35rem 0;border-bottom:1px solid var(--rule);vertical-align:top}
thead th{color:var(--soft);font-weight:600;vertical-align:bottom}
tbody th{font-weight:500;min-width:8rem}
.num{font-variant-numeric:tabular-nums;white-space:nowrap}
thead button{font:inherit;font-weight:600;color:inherit;background:none;border:0;padding:0;cursor:pointer;text-align:left;text-decoration:underline dotted}
th[aria-sort=descending] button::after{content:" \\2193"}th[aria-sort=ascending] button::after{content:" \\2191"}
.mark{display:inline-block;font-size:.75rem;color:var(--soft);border:1px solid var(--soft);border-radius:3px;padding:0 .25em;white-space:nowrap}
.drill{display:none;background:var(--sheet);padding:.5rem 1rem 1rem;border-radius:.5rem;margin-top:1rem}
.drill:target{display:block}.drill svg,.drill code{background:var(--paper)}.drill h3{margin-top:.25rem}
.lists{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(15rem,100%),1fr));gap:0 2rem}
.plain{list-style:none;margin:0;padding:0}.plain li{padding:.15rem 0}
form{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:end;background:var(--sheet);padding:.75rem;border-radius:.5rem}
form[hidden]{display:none}
label{display:grid;font-size:.875rem;flex:1 1 9rem;min-width:0;color:var(--soft)}
input,select,form button{font:inherit;font-size:1rem;color:var(--ink);background:var(--paper);border:1px solid var(--soft);border-radius:.25rem;padding:.3rem .5rem;width:100%;min-height:2.5rem}
form button{width:auto;cursor:pointer}output{align-self:center}
.records{list-style:none;margin:1rem 0 0;padding:0}
.records li[hidden]{display:none}
.records li{border-bottom:1px solid var(--rule);content-visibility:auto;contain-intrinsic-size:auto 2.2rem}
summary{cursor:pointer;padding:.35rem 0}
.records summary{display:grid;grid-template-columns:10.5rem 10rem 1fr 1fr 1fr 1fr;gap:0 .75rem;font-size:.925rem;background:none}
.records summary>:first-child::before{content:"\\25b8  " / ""}.records [open] summary>:first-child::before{content:"\\25be  " / ""}
.records .refused .type{color:var(--denied)}.records .alert .type,.records .login .type{color:var(--loud);font-weight:600}
.record{margin:0 0 .75rem;padding:.75rem;background:var(--sheet);border-radius:.5rem;display:grid;grid-template-columns:repeat(auto-fit,minmax(min(20rem,100%),1fr));gap:.25rem 1.5rem}
.record div{display:grid;grid-template-columns:5rem 1fr;gap:.5rem}.record dt{color:var(--soft)}.record dd{margin:0;min-width:0}
.record code{background:none;padding:0;color:var(--soft)}
footer{margin-top:3rem;color:var(--soft);font-size:.9rem}
@media (max-width:48rem){
table,tbody,tr,th,td,caption{display:block;width:100%}
thead{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden}
tr{border-bottom:1px solid var(--rule);padding:.5rem 0}
th,td{border:0;padding:.1rem 0}
td{display:grid;grid-template-columns:8.5rem 1fr}
td::before{content:attr(data-label);color:var(--soft)}
.records summary{grid-template-columns:1fr 1fr}.spark{width:100%}
}
@media (prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
@media print{nav,form,.leap{display:none}}
`
