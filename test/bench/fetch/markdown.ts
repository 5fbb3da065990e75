// Compares our markdown with Readability and turndown on the same pages: what is kept, what is lost, what of the frame stays, and the time it takes.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { Readability } from '@mozilla/readability'
import { parseHTML } from 'linkedom'
import { htmlToText } from '../../../servers/fetch/markdown.ts'
import { judge } from '../../../servers/fetch/testing/kept-facts.ts'
import pages from '../../vectors/pages/pages.json' with { type: 'json' }
import { documentOf } from '../../../servers/fetch/testing/document-of.ts'

const BASE = 'https://site.example.com/pages/'
const FOLDER = join(import.meta.dirname, '../../vectors/pages')
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 5)

// Comes without types.
const TurndownService = createRequire(import.meta.url)('turndown') as new (
  options: Readonly<Record<string, string>>,
) => { remove(names: readonly string[]): { turndown(html: string): string }; turndown(html: string): string }

type Way = Readonly<{ name: string; convert: (html: string) => string }>

const turndown = () =>
  new TurndownService({
    headingStyle: 'atx',
    codeBlockStyle: 'fenced',
    bulletListMarker: '-',
    emDelimiter: '*',
    hr: '---',
  })

// As the usual servers do it: a document, its links made absolute, the article alone, then markdown.
function withReadability(html: string): string {
  const { document } = parseHTML(html)
  absolute(document)
  const article = new Readability(document as never).parse()
  return `# ${article?.title ?? ''}\n\n${turndown().turndown(article?.content ?? '')}`
}

function withTurndown(html: string): string {
  const { document } = parseHTML(html)
  absolute(document)
  return turndown()
    .remove(['script', 'style', 'noscript', 'title'])
    .turndown(String(document.documentElement.outerHTML))
}

function absolute(document: ReturnType<typeof parseHTML>['document']): void {
  for (const link of document.querySelectorAll('a[href]')) {
    const href = link.getAttribute('href') ?? ''
    if (!href.startsWith('#') && URL.canParse(href, BASE)) link.setAttribute('href', new URL(href, BASE).href)
  }
}

const WAYS: readonly Way[] = [
  {
    name: 'ours',
    convert: (html) => htmlToText(html, { base: BASE, markup: true, endsAt: Number.POSITIVE_INFINITY }).text,
  },
  { name: 'Readability + turndown', convert: withReadability },
  { name: 'turndown alone', convert: withTurndown },
]

/** The least CPU milliseconds of the rounds, the ways taken in turns. */
function timed(html: string, rounds: number): readonly number[] {
  const least = WAYS.map(() => Number.POSITIVE_INFINITY)
  for (let round = 0; round < rounds; round += 1)
    for (const [index, { convert }] of WAYS.entries()) {
      const before = process.cpuUsage()
      convert(html)
      const { user, system } = process.cpuUsage(before)
      least[index] = Math.min(least[index] ?? 0, (user + system) / 1000)
    }
  return least
}

const say = (...cells: readonly (string | number)[]) => process.stdout.write(`| ${cells.join(' | ')} |\n`)
const totals = WAYS.map(() => ({ kept: 0, noise: 0, kinds: new Map<string, number>() }))
const facts = pages.flatMap(({ keep }) => keep)
const kinds = new Map<string, number>()
for (const { kind } of facts) kinds.set(kind, (kinds.get(kind) ?? 0) + 1)

say('page', ...WAYS.map(({ name }) => `${name}: kept`), ...WAYS.map(({ name }) => `${name}: frame left`))
say(...Array<string>(1 + WAYS.length * 2).fill('---'))
for (const page of pages) {
  const html = readFileSync(join(FOLDER, page.given), 'utf8')
  const judged = WAYS.map(({ convert }) => judge(convert(html), page))
  for (const [index, { missing, noise }] of judged.entries()) {
    const total = totals[index]
    if (total === undefined) continue
    total.kept += page.keep.length - missing.length
    total.noise += noise.length
    for (const text of missing) {
      const kind = text.split(':')[0] ?? ''
      total.kinds.set(kind, (total.kinds.get(kind) ?? 0) + 1)
    }
    if (process.env['BENCH_SHOW'] === WAYS[index]?.name)
      process.stderr.write(`${page.name}: ${JSON.stringify(missing)}\n`)
  }
  const kept = judged.map(({ missing }) => `${page.keep.length - missing.length}/${page.keep.length}`)
  say(page.name, ...kept, ...judged.map(({ noise }) => `${noise.length}/${page.lose.length}`))
}
const lose = pages.reduce((sum, page) => sum + page.lose.length, 0)
say('all', ...totals.map(({ kept }) => `${kept}/${facts.length}`), ...totals.map(({ noise }) => `${noise}/${lose}`))
process.stdout.write('\n')
say('lost, by kind', ...WAYS.map(({ name }) => name))
say('---', ...WAYS.map(() => '---:'))
for (const [kind, count] of kinds) say(`${kind} (${count})`, ...totals.map((total) => total.kinds.get(kind) ?? 0))
process.stdout.write('\n')
say('page', ...WAYS.map(({ name }) => `${name}: CPU ms`), ...WAYS.slice(1).map(({ name }) => `${name} / ours`))
say('---', ...Array<string>(WAYS.length * 2 - 1).fill('---:'))
for (const [name, bytes] of [
  ['10 KB', 10_000],
  ['200 KB', 200_000],
  ['1 MB', 1_000_000],
] as const) {
  const [ours = 1, ...others] = timed(documentOf(bytes), ROUNDS)
  say(name, ...[ours, ...others].map((ms) => ms.toFixed(1)), ...others.map((ms) => (ms / ours).toFixed(1)))
}
