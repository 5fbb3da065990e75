// Writes the profiles, or with --check compares them with the committed ones and with what was observed.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { REFUSED } from './families.ts'
import { allowedNames, profile, SERVER_PROFILES } from './profile.ts'

const MAX_NAMES = 110
const here = import.meta.dirname
const faults: string[] = []
const checking = process.argv.includes('--check')

for (const server of SERVER_PROFILES) {
  for (const gvisor of [false, true]) {
    const file = `${server}${gvisor ? '.gvisor' : ''}.json`
    const made = profile(server, { gvisor })
    if (!checking) writeFileSync(join(here, file), `${JSON.stringify(made, null, 2)}\n`)
    else if (!isDeepStrictEqual(JSON.parse(readFileSync(join(here, file), 'utf8')), made))
      faults.push(`${file} differs from the generator: run npm run seccomp:generate`)
    if (!gvisor) judge(server, allowedNames(made))
  }
}
for (const fault of faults) process.stderr.write(`seccomp: ${fault}\n`)
process.exit(faults.length === 0 ? 0 : 1)

function judge(server: string, allowed: ReadonlySet<string>): void {
  const observed = JSON.parse(readFileSync(join(here, 'observed', `${server}.json`), 'utf8')) as { calls: string[] }
  const refused = observed.calls.filter((name) => !allowed.has(name) && !Object.hasOwn(REFUSED, name))
  for (const name of refused) faults.push(`${server} makes the call ${name}, which its profile refuses`)
  if (allowed.size >= MAX_NAMES) faults.push(`${server} allows ${allowed.size} calls; the budget is below ${MAX_NAMES}`)
  process.stdout.write(
    `${server}: ${allowed.size} calls allowed, ${observed.calls.length} observed, ${refused.length} of them missing\n`,
  )
}
