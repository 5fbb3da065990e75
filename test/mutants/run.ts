// Breaks one line at a time in a copy of the repository and requires a red test for each. Exits 1 when a break survives or hangs.
import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MUTANTS, type Mutant } from './mutants.ts'
import { mutate } from './mutate.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const COPIED = ['packages', 'servers', 'test']
const LINKED = 'node_modules'
const OWN = '@hardened-mcp' // links of the workspaces, which have to lead into the copy
const AT_ONCE = 2
const MUTANT_LIMIT_MS = 300_000
const SAYS = { red: 'caught  ', green: 'SURVIVED', hung: 'HUNG    ' } as const // hung: no test said no in that time, so nothing is shown
const BASELINE_LIMIT_MS = 900_000

type Outcome = 'red' | 'green' | 'hung'

function copyRepository(): string {
  const copy = mkdtempSync(join(tmpdir(), 'hardened-mcp-mutant-'))
  for (const place of COPIED)
    cpSync(join(ROOT, place), join(copy, place), { recursive: true, filter: (path) => basename(path) !== LINKED })
  cpSync(join(ROOT, 'package.json'), join(copy, 'package.json'))
  linkModules(copy, '.')
  for (const place of ['packages', 'servers'])
    for (const name of readdirSync(join(ROOT, place)))
      if (readdirSync(join(ROOT, place, name)).includes(LINKED)) linkModules(copy, `${place}/${name}`)
  return copy
}

function linkModules(copy: string, home: string): void {
  const from = join(ROOT, home, LINKED)
  const to = join(copy, home, LINKED)
  mkdirSync(to)
  for (const name of readdirSync(from)) if (name !== OWN) symlinkSync(join(from, name), join(to, name))
  if (home === '.') cpSync(join(from, OWN), join(to, OWN), { recursive: true, verbatimSymlinks: true })
}

/** Runs the test files under this very Node; `red` when the runner says so. */
function runTests(root: string, tests: readonly string[], limitMs: number): Promise<Outcome> {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--test', ...tests], { cwd: root, env, stdio: 'ignore', detached: true })
    const timer = setTimeout(() => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL') // the runner and its test processes
      resolve('hung')
    }, limitMs)
    child.on('exit', (code) => {
      clearTimeout(timer)
      resolve(code === 0 ? 'green' : 'red')
    })
  })
}

async function tryMutant(mutant: Mutant): Promise<Outcome> {
  const copy = copyRepository()
  try {
    const path = join(copy, mutant.file)
    const broken = mutate(readFileSync(path, 'utf8'), mutant)
    stripTypeScriptTypes(broken) // a mutant that does not parse would be red for the wrong reason
    writeFileSync(path, broken)
    return await runTests(copy, mutant.tests, MUTANT_LIMIT_MS)
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

async function baseline(chosen: readonly Mutant[]): Promise<Outcome> {
  const copy = copyRepository()
  try {
    return await runTests(copy, [...new Set(chosen.flatMap(({ tests }) => tests))], BASELINE_LIMIT_MS)
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

async function main(only: string | undefined): Promise<number> {
  const chosen = MUTANTS.filter(({ file, because }) => only === undefined || `${file} ${because}`.includes(only))
  const before = chosen.length === 0 ? 'red' : await baseline(chosen)
  if (before !== 'green') {
    console.error(chosen.length === 0 ? `No mutant matches ${only}` : `Without any break the tests are ${before}`)
    return 1
  }
  const queue = [...chosen]
  const counts = { red: 0, green: 0, hung: 0 }
  const work = async () => {
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      const outcome = await tryMutant(mutant)
      counts[outcome] += 1
      console.log(`${SAYS[outcome]}  ${mutant.file.padEnd(58)}  ${mutant.because}`)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  const hung = counts.hung === 0 ? '' : `; the tests of ${counts.hung} did not end in ${MUTANT_LIMIT_MS / 1_000} s`
  console.log(`\n${counts.red} of ${chosen.length} breaks turned a test red${hung}`)
  return counts.red === chosen.length ? 0 : 1
}

process.exitCode = await main(process.argv[2])
