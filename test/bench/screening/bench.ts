// What screening costs the process that answers everybody: the longest block of its event loop, and its CPU, by shape of the answer.
// Run: node test/bench/screening/bench.ts [ANOTHER CHECKOUT], which is then measured in turns with this one. Milliseconds.
import { randomBytes } from 'node:crypto'
import { pathToFileURL } from 'node:url'

const TEXT = 131_000 // the largest answer of a tool that returns text
const MEDIA = 4_194_000 // and of one that returns a picture
const ROUNDS = 20 // the best block of them, and the mean of the CPU, which the kernel counts in ticks

type Release = (result: object, filters: unknown, spend: object) => unknown
type Core = Readonly<{
  release: Release
  releaseSteps?: Release
  withPauses?: (steps: unknown, pause: () => Promise<void>) => Promise<unknown>
  filters: unknown
}>

async function coreOf(checkout: URL): Promise<Core> {
  const load = (name: string) =>
    import(new URL(`packages/${name}.ts`, checkout).href).catch(() => ({})) as Promise<Record<string, never>>
  const { release, releaseSteps } = await load('security-core/src/output/release')
  const { withPauses } = await load('security-core/src/steps')
  const { filtersOf } = (await load('host/src/policy/screening-section')) as unknown as { filtersOf: () => unknown }
  return { release, releaseSteps, withPauses, filters: filtersOf() } as unknown as Core
}

const filled = (piece: string, bytes: number) => piece.repeat(Math.floor(bytes / Buffer.byteLength(piece)))
const rows = (count: number) => ({
  rows: Array.from({ length: count }, (_, i) => [i, `Customer number ${i}`, `person${i}@mail.example`, '2026-11-29']),
})
const PROSE = 'The quick brown fox jumps over a lazy dog; others look at prices, rules and the weather of 2026.\n'
const CASES: readonly (readonly [name: string, answer: object])[] = [
  ['1 000 short rows', rows(1_000)],
  ['60 KB of prose', { text: filled(PROSE, 60_000) }],
  ['128 KiB of prose', { text: filled(PROSE, 129_000) }],
  ['3 MiB as base64', { data: randomBytes(3 * 1_048_576 - 300).toString('base64') }],
  ...['<', '![', '](//a(', '\u202e', '\u{E0041}', '%41', '&#65;', 'QUJD', 'a ', ' ignore all', 'xoxb-', '4111 '].map(
    (piece) => [`128 KiB of ${JSON.stringify(piece).slice(1, -1)}`, { text: filled(piece, TEXT) }] as const,
  ),
]

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** `blockMs` is the longest time between two turns of the loop while the answer was screened. */
async function measured({ release, releaseSteps, withPauses, filters }: Core, text: string) {
  const spend = { deadlineMs: 1, outputBytes: 2 * MEDIA }
  let blockMs = 0
  let last = performance.now()
  const rest = async () => {
    blockMs = Math.max(blockMs, performance.now() - last)
    await turn()
    last = performance.now()
  }
  const before = process.cpuUsage()
  if (releaseSteps === undefined || withPauses === undefined) release({ text }, filters, spend)
  else await withPauses(releaseSteps({ text }, filters, spend), rest)
  await rest()
  const { user, system } = process.cpuUsage(before)
  return { blockMs, cpuMs: (user + system) / 1_000 }
}

const other = process.argv[2]
const sides = [await coreOf(new URL('../../../', import.meta.url))]
if (other !== undefined) sides.push(await coreOf(pathToFileURL(`${other}/`)))
for (const [name, answer] of CASES) {
  const text = JSON.stringify(answer)
  const best = sides.map(() => ({ blockMs: Number.POSITIVE_INFINITY, cpuMs: 0 }))
  for (let round = 0; round < ROUNDS; round++)
    for (const [i, side] of sides.entries()) {
      const { blockMs, cpuMs } = await measured(side, text)
      const so = best[i] as (typeof best)[number]
      Object.assign(so, { blockMs: Math.min(so.blockMs, blockMs), cpuMs: so.cpuMs + cpuMs / ROUNDS })
    }
  const figures = best.map((so) => `block ${so.blockMs.toFixed(1)} ms, CPU ${so.cpuMs.toFixed(1)} ms`)
  const [here, there] = best
  const ratio = (part: 'blockMs' | 'cpuMs') => ((here?.[part] ?? 0) / (there?.[part] ?? 1)).toFixed(2)
  const beside = there === undefined ? '' : ` | other: ${figures[1]} | ratio ${ratio('blockMs')}, ${ratio('cpuMs')}`
  process.stdout.write(`${name}: ${figures[0]}${beside}\n`)
}
