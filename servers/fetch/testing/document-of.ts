// Makes a documentation page of a given size: headings, prose with links, lists, tables and code, the same every time.

const WORDS =
  'the server keeps a lease for each client until it is returned or the time of the lease has passed and a new one may be asked for'.split(
    ' ',
  )

/** About `bytes` bytes of HTML. */
export function documentOf(bytes: number): string {
  const head =
    '<!doctype html><html lang="en"><head><title>A page of some size</title><style>body{margin:0}</style></head><body><nav><a href="/">Home</a><a href="/docs">Docs</a></nav><main>'
  const parts: string[] = [head]
  let length = head.length
  for (let number = 1; length < bytes - 100; number += 1) {
    const part = section(number)
    parts.push(part)
    length += part.length
  }
  return `${parts.join('')}</main><footer>The end</footer></body></html>`
}

const words = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => WORDS[(from * 7 + index * 3) % WORDS.length]).join(' ')

const section = (number: number) =>
  `<h2 id="s${number}">Section ${number} <a class="anchor" href="#s${number}">#</a></h2>
<p class="lead">${words(number, 40)} <a href="/docs/${number}?x=1&amp;y=2">${words(number, 3)}</a>, ${words(number + 1, 30)} <code>call_${number}()</code> <em>${words(number, 2)}</em>.</p>
<ul><li>${words(number, 9)}</li><li><strong>${words(number + 2, 2)}</strong> ${words(number, 8)}</li><li>${words(number + 3, 6)}</li></ul>
<table><thead><tr><th>Name</th><th>Value</th></tr></thead><tbody><tr><td>a${number}</td><td>${number * 3}</td></tr><tr><td>b${number}</td><td>${words(number, 4)}</td></tr></tbody></table>
<pre><code class="language-js">const a${number} = await lease(${number})\nif (a${number} &lt; 3) retry()</code></pre>
<div class="note" style="margin:1em"><p>${words(number + 5, 25)}</p></div>
`
