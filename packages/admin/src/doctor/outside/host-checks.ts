// Question: does the machine around the containers keep what the manifest promises?
// Threat:   firewall rules that a reboot or another tool took away, a runtime that is not what its name says, holes, open keys, unread trails.
// Rule:     one line for each; releases by a dated table, files by the server's own rules, limits by the control groups in force.
// Limits:   what it may not see is `unknown`: most of it needs root. Trusts Docker and the kernel about themselves.
// Proof:    host-checks.test.ts
import { directoryMustBePrivate, keysMustBePrivate } from '@hardened-mcp/host/admin'
import type { Seen } from '../checks.ts'
import { FREE_BYTES, isPrivate, statsOf } from '../own-files.ts'
import type { Deployment } from './deployment.ts'
import type { HostFacts, InForce, Release } from './host-facts.ts'
import { openHoles } from '../known-holes.ts'
import type { OutsideFinding } from './rule.ts'

const REVIEW_DAYS = 7
const CERTIFICATE_DAYS = 14 // deploy/certificates makes them for 90
const DAY_MS = 86_400_000
// The fields of the manifest, and how version 1 and version 2 of the control groups say the same.
const LIMITS: readonly (readonly [keyof InForce, (service: Deployment['services'][number]) => readonly string[]])[] = [
  ['memory', ({ memory }) => [String(memory)]],
  ['swap', ({ memory, memoryAndSwap }) => [String(memoryAndSwap), String(memoryAndSwap - memory)]],
  ['pids', ({ pids }) => [String(pids)]],
  ['cpu', ({ cpus }) => [String(cpus * 100_000), `${cpus * 100_000} 100000`]],
]

type Check = Readonly<{ id: string; mend: string; look(facts: HostFacts, deployment: Deployment): readonly Seen[] }>

const CHECKS: readonly Check[] = [
  {
    id: 'containers_run',
    mend: 'deploy/up',
    look: ({ inForce }) => inForce.map(({ service, runs }) => [runs, `${service} ${runs ? 'runs' : 'does not run'}`]),
  },
  {
    id: 'limits_in_force',
    mend: 'A runtime that honours the limits: runsc without --ignore-cgroups, and not rootless',
    look: ({ inForce }, { services }) => inForce.filter(({ runs }) => runs).map((group) => limitsOf(group, services)),
  },
  {
    id: 'runtime_is_gvisor',
    mend: 'Register runsc with Docker: runsc install; a runtime of that name that runs something else is worse than none',
    look: ({ runtimes }) =>
      runtimes
        .filter(({ name }) => name.startsWith('runsc'))
        .map(({ name, says }) => [
          says === undefined ? undefined : says.startsWith('runsc version '),
          `${name} is ${says?.split('\n')[0] ?? 'not known to Docker'}`,
        ]),
  },
  {
    id: 'gvisor_version',
    mend: 'gVisor of April 2025 or later, from https://gvisor.dev/docs/user_guide/install/',
    look: ({ runtimes }) =>
      runtimes
        .filter(({ name }) => name.startsWith('runsc'))
        .map(({ says }) => sound('gvisor', release(/^runsc version (\S+)/.exec(says ?? '')?.[1]), [])),
  },
  {
    id: 'runc_version',
    mend: "A runc without known holes: the distribution's security updates, or a current release",
    look: ({ runc }) => [sound('runc', runc, [])],
  },
  {
    id: 'docker_version',
    mend: "A Docker without known holes: the distribution's security updates, or a current release",
    look: ({ docker }, deployment) => [sound('docker', docker, closedBy(deployment))],
  },
  {
    id: 'firewall',
    mend: 'sudo deploy/firewall add, and deploy/up at boot: internal networks reach the host itself',
    look: ({ firewall }) => [
      firewall === undefined
        ? [undefined, 'deploy/firewall check needs root']
        : [firewall.code === 0, firewall.says || 'every rule is in place, in front'],
    ],
  },
  {
    id: 'keys_private',
    mend: 'chmod 0600, owned by the user of the server (or root, 0440 for its group alone)',
    look: ({ keys }) =>
      keys.map(({ path, uid, file }) =>
        isPrivate(file, path, (one) => keysMustBePrivate(statsOf(one), path, uid, uid)),
      ),
  },
  {
    id: 'tls_key_private',
    mend: 'chmod 0400; gateway.pem owned by the user of the gateway, ca.key by root',
    look: ({ secrets }) =>
      secrets.map(({ path, uid, file }) =>
        isPrivate(file, path, (one) => keysMustBePrivate(statsOf(one), path, uid, uid)),
      ),
  },
  {
    id: 'tls_certificate',
    mend: 'deploy/certificates, then deploy/compose restart gateway',
    look: ({ secrets, nowMs }) =>
      secrets.slice(0, 1).map(({ path, notAfterMs }) => {
        const days = Math.floor(((notAfterMs ?? 0) - nowMs) / DAY_MS)
        return notAfterMs === undefined
          ? [undefined, `${path} could not be read`]
          : [days >= CERTIFICATE_DAYS, `the certificate of the gateway lasts ${days} days`]
      }),
  },
  {
    id: 'audit_private',
    mend: 'chmod 0700, owned by the user of the server',
    look: ({ trails }) =>
      trails.map(({ dir, uid, file }) => isPrivate(file, dir, (one) => directoryMustBePrivate(dir, one, uid))),
  },
  {
    id: 'audit_verifies',
    mend: 'hardened-mcp audit verify DIR says which record is wrong',
    look: ({ trails }) =>
      trails.map(({ service, exitCode }) => [
        exitCode === 0 ? true : exitCode === 1 ? false : undefined,
        `${service}: audit verify answers ${exitCode}`,
      ]),
  },
  {
    id: 'audit_space',
    mend: 'A file system of its own, or a quota, with room: a full trail stops every call',
    look: ({ trails }) =>
      trails.map(({ service, freeBytes }) => [
        freeBytes === undefined ? undefined : freeBytes >= FREE_BYTES,
        `${service}: ${freeBytes ?? 'unknown'} bytes free`,
      ]),
  },
  {
    id: 'audit_reviewed',
    mend: `Read the trail at least every ${REVIEW_DAYS} days (audit report --html), then run audit review on it, or say --reviewed DATE`,
    look: ({ trails, nowMs }) =>
      trails.map(({ service, reviewedMs, startedMs }) => reviewed(service, nowMs, reviewedMs, startedMs)),
  },
]

/** One finding for each line, in a fixed order. A line with nothing to look at is `unknown`. */
export const judgeHost = (facts: HostFacts, deployment: Deployment): readonly OutsideFinding[] =>
  CHECKS.flatMap(({ id, mend, look }) => {
    const seen = look(facts, deployment)
    const worst = seen.some(([held]) => held === false)
      ? 'bad'
      : seen.length === 0 || seen.some(([held]) => held === undefined)
        ? 'unknown'
        : 'ok'
    const told = worst === 'ok' ? seen : seen.filter(([held]) => held !== true)
    const checked = [...new Set(told.map(([, text]) => text))].join('; ') || 'nothing of the kind was found'
    return [{ id, verdict: worst, checked, mend, services: [] }]
  })

const release = (version: string | undefined): Release | undefined =>
  version === undefined ? undefined : { version, mended: new Set() }

// A hole that the manifest closes whatever the release is.
const closedBy = ({ services }: Deployment): readonly string[] =>
  services.filter(({ role }) => role === 'server' || role === 'proxy').every(({ dns }) => dns.join() === '127.0.0.1')
    ? ['no_resolver']
    : []

function sound(tool: 'gvisor' | 'runc' | 'docker', found: Release | undefined, closed: readonly string[]): Seen {
  const open =
    found === undefined
      ? undefined
      : openHoles(tool, found.version, found.mended)?.filter(
          (hole) => hole.closedBy === undefined || !closed.includes(hole.closedBy),
        )
  if (open === undefined)
    return [undefined, `the release of ${tool} could not be told (${found?.version ?? 'not seen'})`]
  const holes = open.map(({ cves, because }) => `${cves.join(', ')}${cves.length > 0 ? ': ' : ''}${because}`)
  return [
    open.length === 0,
    `${tool} ${found?.version}${open.length === 0 ? ': no known hole' : ` ${holes.join('; ')}`}`,
  ]
}

function limitsOf(group: InForce, services: Deployment['services']): Seen {
  const service = services.find(({ name }) => name === group.service)
  if (service === undefined) return [undefined, `${group.service} is in no manifest`]
  const unseen = LIMITS.filter(([what]) => group[what] === undefined).map(([what]) => what)
  const other = LIMITS.filter(
    ([what, says]) => group[what] !== undefined && !says(service).includes(String(group[what])),
  )
  const told = other.map(([what, says]) => `${what} ${String(group[what])} where the manifest says ${says(service)[0]}`)
  if (other.length > 0) return [false, `${group.service}: ${told.join(', ')}`]
  if (unseen.length > 0) return [undefined, `${group.service}: no control group for ${unseen.join(', ')}`]
  return [true, 'the control groups of the host hold memory, swap, processes and processor time as the manifest says']
}

function reviewed(service: string, nowMs: number, reviewedMs: number | undefined, startedMs: number | undefined): Seen {
  const days = (fromMs: number) => Math.floor((nowMs - fromMs) / DAY_MS)
  if (reviewedMs !== undefined) {
    const age = days(reviewedMs)
    return [
      age >= -1 && age <= REVIEW_DAYS,
      age < -1 ? `${service}: the review is dated in the future` : `${service}: reviewed ${Math.max(age, 0)} days ago`,
    ]
  }
  if (startedMs === undefined) return [undefined, `${service}: never reviewed, and the age of the trail is not known`]
  return [days(startedMs) <= REVIEW_DAYS, `${service}: never reviewed, and ${days(startedMs)} days old`]
}
