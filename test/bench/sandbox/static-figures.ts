// What can be counted without a call: the size and the files of each image, and the system calls that each profile allows.
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { docker, must, ROOT, STATE } from '../../sandbox/machine.ts'

const IMAGES = ['db-query', 'file', 'fetch', 'egress-proxy', 'gateway'] as const
const TAG = process.env['MCP_TAG'] ?? 'local'
const UNISTD = '/usr/include/x86_64-linux-gnu/asm/unistd_64.h' // of linux-libc-dev, which the set-up installs
const EXEC_ROOT = join(dirname(STATE), 'exec')

export type ImageFacts = Readonly<{ name: string; mib: number; files: number; ownFiles: number }>

/** `ownFiles` lie below /app: the rest is Node and what it is linked to. */
export async function images(): Promise<readonly ImageFacts[]> {
  const all: ImageFacts[] = []
  for (const name of IMAGES) {
    const image = `hardened-mcp/${name}:${TAG}`
    const id = await docker('create', image)
    try {
      const listing = (await must('sh', ['-c', `/usr/bin/docker export ${id} | tar -tv`])).split('\n')
      const files = listing.filter((line) => line.startsWith('-'))
      const mib = Number(await docker('inspect', '-f', '{{.Size}}', image)) / 1024 ** 2
      all.push({ name, mib, files: files.length, ownFiles: files.filter((line) => / app\//.test(line)).length })
    } finally {
      await docker('rm', id)
    }
  }
  return all
}

type Rule = Readonly<{ names: readonly string[]; action: string }>

/** Names of calls of x86-64 that each profile lets through, some of them with certain arguments only. */
export async function allowedCalls(): Promise<Readonly<Record<string, number>>> {
  const known = new Set(
    [...readFileSync(UNISTD, 'utf8').matchAll(/#define __NR_(\w+)/g)].map(([, name]) => name as string),
  )
  const count = (rules: readonly Rule[]) =>
    new Set(
      rules.flatMap(({ names, action }) =>
        action === 'SCMP_ACT_ALLOW' ? names.filter((name) => known.has(name)) : [],
      ),
    ).size
  const own = (name: string) =>
    count((JSON.parse(readFileSync(join(ROOT, `seccomp/${name}.json`), 'utf8')) as { syscalls: Rule[] }).syscalls)
  return {
    'x86-64 has': known.size,
    'Docker default': count(await dockerDefault()),
    'db-query': own('db-query'),
    file: own('file'),
    fetch: own('fetch'),
    'egress-proxy': own('egress-proxy'),
  }
}

// The profile that this daemon gives to a container of which nothing was said, as it hands it to the runtime.
async function dockerDefault(): Promise<readonly Rule[]> {
  const id = await docker('run', '-d', '--network', 'none', '--cap-drop', 'ALL', '--entrypoint', '/nodejs/bin/node', `hardened-mcp/file:${TAG}`, '-e', 'setTimeout(() => {}, 60000)') // biome-ignore format: one command
  try {
    const found = await must('find', [EXEC_ROOT, '-path', `*${id}/config.json`])
    const bundle = JSON.parse(readFileSync(found.split('\n')[0] as string, 'utf8')) as {
      linux: { seccomp: { syscalls: Rule[] } }
    }
    return bundle.linux.seccomp.syscalls
  } finally {
    await docker('rm', '-f', id)
  }
}
