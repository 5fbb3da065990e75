// Writes the README's table of controls from the headers of the files, or checks that it is in step: --write, --check.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ControlHeader, controls } from './control-headers.ts'
import { ROOT, sourceFiles } from './source-files.ts'

const BEGIN = '<!-- controls:begin -->'
const END = '<!-- controls:end -->'

export function controlTable(headers: readonly ControlHeader[]): string {
  const cell = (text: string) => text.replaceAll('|', '\\|')
  const rows = headers.map(({ path, question, threat, rule, limits }) => {
    const name = path.replace(/^.*\//, '').replace(/\.ts$/, '')
    return `| [${name}](${path}) | ${[question, threat, rule, limits].map(cell).join(' | ')} |`
  })
  return ['| Control | Question | Threat | Rule | Limits |', '| --- | --- | --- | --- | --- |', ...rows].join('\n')
}

/** The page with the table between its markers. Throws when the markers are not there exactly once, in order. */
export function withTable(page: string, table: string): string {
  const [before, rest, ...more] = page.split(BEGIN)
  const [, after, ...others] = rest?.split(END) ?? []
  if (before === undefined || after === undefined || more.length > 0 || others.length > 0 || before.includes(END))
    throw new RangeError(`README.md must hold ${BEGIN} and ${END} once each, in this order`)
  return `${before}${BEGIN}\n${table}\n${END}${after}`
}

function main(mode: string | undefined): void {
  if (mode !== '--write' && mode !== '--check') throw new RangeError('Usage: control-table.ts --write | --check')
  const path = join(ROOT, 'README.md')
  const page = readPage(path)
  const next = withTable(page, controlTable(controls(sourceFiles())))
  if (mode === '--write' && next !== page) writeFileSync(path, next)
  if (mode === '--check' && next !== page)
    throw new RangeError('The control table of README.md is out of step; run npm run fix')
}

function readPage(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    throw new RangeError('README.md is missing; it holds the control table')
  }
}

if (import.meta.main) {
  try {
    main(process.argv[2])
  } catch (thrown) {
    process.stderr.write(`control-table: ${(thrown as Error).message}\n`)
    process.exitCode = 1
  }
}
