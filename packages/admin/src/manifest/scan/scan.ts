// `manifest scan`: reads what servers say of their tools, and reports what is wrong or has changed since it was approved.
import { existsSync, renameSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import {
  Denial,
  differences,
  type Finding,
  isAtLeast,
  manifestText,
  newManifest,
  readManifest,
  scanTools,
  SEVERITIES,
  type Severity,
} from '@hardened-mcp/security-core'
import { asciiOnly } from '../../audit/records.ts'
import { UsageError } from '../../command.ts'
import { readText } from '../files.ts'
import { entryOf, type Listing, Unreadable } from './peer.ts'
import { commandTarget, configTargets, type Target, targetOf } from './targets.ts'

const USAGE = 'Usage: hardened-mcp manifest scan [flags] [FILE|URL]... [--config FILE] [-- COMMAND ARG...]'
const MAX_SECONDS = 600
const EXIT = { clean: 0, findings: 1, unreadable: 2 } as const

const toStdout = (text: string) => void process.stdout.write(text)

type Failure = Readonly<{ name: string; error: string }>

export async function scan(args: readonly string[], print: (text: string) => void = toStdout): Promise<number> {
  const end = args.indexOf('--')
  const { values, positionals } = parseArgs({
    args: args.slice(0, end < 0 ? undefined : end),
    options: {
      json: { type: 'boolean', default: false },
      approve: { type: 'string' },
      renew: { type: 'boolean', default: false },
      config: { type: 'string' },
      bearer: { type: 'string' },
      env: { type: 'string', multiple: true, default: [] },
      timeout: { type: 'string', default: '30' },
      'fail-on': { type: 'string', default: 'medium' },
    },
    allowPositionals: true,
  })
  const failOn = severityOf(values['fail-on'])
  const timeoutMs = secondsOf(values.timeout) * 1_000
  if (values.renew && values.approve === undefined) throw new UsageError('--renew belongs to --approve FILE')
  const access = {
    ...(values.bearer === undefined ? {} : { bearer: bearerIn(values.bearer) }),
    env: Object.fromEntries(
      values.env.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
    ),
  }
  const command = end < 0 ? [] : args.slice(end + 1)
  const targets = [
    ...positionals.map((given) => targetOf(given, access)),
    ...(values.config === undefined ? [] : configTargets(values.config, access)),
    ...(command[0] === undefined ? [] : [commandTarget([command[0], ...command.slice(1)], access)]),
  ]
  if (targets.length === 0) throw new UsageError(USAGE)
  const { listings, failures } = await readAll(targets, timeoutMs)
  const scanned = scanTools(listings)
  const approval = values.approve === undefined ? undefined : { file: values.approve, renew: values.renew }
  const drift =
    approval === undefined ? [] : driftOf(listings, approval, isAtLeast(scanned, failOn) || failures.length > 0)
  const findings = [...drift, ...scanned]
  print(values.json ? jsonOf(listings, failures, findings) : textOf(listings, failures, findings))
  if (failures.length > 0) return EXIT.unreadable
  return isAtLeast(findings, failOn) ? EXIT.findings : EXIT.clean
}

// One after the other: a server that is started has the machine to itself for its time.
async function readAll(targets: readonly Target[], timeoutMs: number) {
  const listings: Listing[] = []
  const failures: Failure[] = []
  for (const { name, read } of targets)
    try {
      const listing = await read(AbortSignal.timeout(timeoutMs))
      entryOf(listing)
      listings.push(listing)
    } catch (thrown) {
      if (!(thrown instanceof Unreadable || thrown instanceof Denial)) throw thrown
      failures.push({
        name,
        error: thrown instanceof Denial ? 'A definition nests or grows beyond measure' : thrown.message,
      })
    }
  return { listings, failures }
}

/** Compares with what was approved. Writes the file when there is none and nothing was found, or when it is to be renewed. */
function driftOf(
  listings: readonly Listing[],
  { file, renew }: Readonly<{ file: string; renew: boolean }>,
  isDirty: boolean,
): readonly Finding[] {
  const approved = existsSync(file) ? readManifest(readText(file, 'Approvals')).servers : []
  const entries = listings.map(entryOf)
  if (renew || (!existsSync(file) && !isDirty)) {
    const kept = approved.filter(({ name }) => !entries.some((entry) => entry.name === name))
    const text = manifestText(newManifest(new Date().toISOString(), [...kept, ...entries]))
    writeFileSync(`${file}.new`, text)
    renameSync(`${file}.new`, file)
    return []
  }
  return entries.flatMap((entry) => {
    const known = approved.find(({ name }) => name === entry.name)
    const found = known === undefined ? ['it was never approved'] : differences(known, entry)
    return found.map(
      (says) => ({ server: entry.name, at: '', rule: 'drift', severity: 'high', says, excerpt: '' }) as const,
    )
  })
}

function textOf(listings: readonly Listing[], failures: readonly Failure[], findings: readonly Finding[]): string {
  const lines = [
    ...failures.map(({ name, error }) => `${name}: could not be read: ${error}`),
    ...listings.flatMap(({ name, tools }) => {
      const own = findings.filter(({ server }) => server === name)
      return [`${name}: ${tools.length} tools, ${own.length} findings`, ...own.flatMap(linesOf)]
    }),
  ]
  return lines.map((line) => `${asciiOnly(line)}\n`).join('')
}

const linesOf = ({ severity, rule, tool, at, says, excerpt }: Finding): readonly string[] => [
  `  ${severity.padEnd(6)} ${rule.padEnd(17)} ${at === '' ? '' : `${at} `}${tool === undefined ? '' : `(${tool}) `}${says}`,
  ...(excerpt === '' ? [] : [`         "${excerpt}"`]),
]

// Escaped, so that a terminal or a log shows what is there; it parses back to the same.
function jsonOf(listings: readonly Listing[], failures: readonly Failure[], findings: readonly Finding[]): string {
  const servers = [...failures, ...listings.map(({ name, tools }) => ({ name, tools: tools.length }))]
  return `${asciiOnly(JSON.stringify({ servers, findings }))}\n`
}

function severityOf(text: string): Severity {
  const severity = SEVERITIES.find((known) => known === text)
  if (severity === undefined) throw new UsageError(`--fail-on needs one of ${SEVERITIES.join(', ')}`)
  return severity
}

function secondsOf(text: string): number {
  const seconds = Number(text)
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > MAX_SECONDS)
    throw new UsageError(`--timeout needs seconds from 1 to ${MAX_SECONDS}`)
  return seconds
}

function bearerIn(path: string): string {
  const token = readText(path, 'Token', 16_384).trim()
  if (!/^[A-Za-z0-9._~+/-]+=*$/.test(token)) throw new RangeError(`${path} must hold one bearer token`)
  return token
}
