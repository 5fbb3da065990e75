// What the server keeps outside of its container: trail, labels, requests for approval, keys.
import { constants } from 'node:fs'
import { directoryMustBePrivate, factsMustBeOurs, keysMustBePrivate } from '@hardened-mcp/host/admin'
import type { Check, Seen } from './checks.ts'
import type { FileFact } from './facts.ts'

export const FREE_BYTES = 256 * 1024 * 1024
export const statsOf = (file: FileFact) => ({
  ...file,
  isFile: () => (file.mode & constants.S_IFMT) === constants.S_IFREG,
})
const octal = (mode: number) => mode.toString(8).padStart(4, '0')

export const OWN_FILES: readonly Check[] = [
  {
    id: 'audit_private',
    of: 'audit',
    mend: 'chmod 0700, owned by the user of the server',
    look: ({ audit, uid }) =>
      audit && isPrivate(audit.file, audit.dir, (file) => directoryMustBePrivate(audit.dir, file, uid)),
  },
  {
    id: 'audit_verifies',
    of: 'audit',
    mend: 'hardened-mcp audit verify DIR says which record is wrong',
    look: ({ audit }) =>
      audit && [
        audit.exitCode === 0 ? true : audit.exitCode === 1 ? false : undefined,
        `audit verify answers ${audit.exitCode}`,
      ],
  },
  {
    id: 'audit_space',
    of: 'audit',
    mend: 'A file system of its own, or a quota, with room: a full trail stops every call',
    look: ({ audit }) =>
      audit && [
        audit.freeBytes === undefined ? undefined : audit.freeBytes >= FREE_BYTES,
        `${audit.freeBytes ?? 'unknown'} bytes free`,
      ],
  },
  {
    id: 'labels_private',
    of: 'taint',
    mend: 'chmod 0700, owned by the user of the servers',
    look: ({ labels, uid }) =>
      labels &&
      isPrivate(labels.file, labels.dir, (file) =>
        factsMustBeOurs('Directory of labels', labels.dir, file, [uid ?? -1]),
      ),
  },
  {
    id: 'keys_private',
    of: 'keys',
    mend: 'chmod 0600, owned by the user of the server (or root, 0440 for its group alone)',
    look: ({ keys, uid, gid }) =>
      keys && isPrivate(keys.file, keys.path, (file) => keysMustBePrivate(statsOf(file), keys.path, uid ?? -1, gid)),
  },
  {
    id: 'approvals_closed',
    of: 'approvals',
    mend: 'Two folders of the user of the servers, chmod 0700; verdicts mounted read-only: who can write there says yes to itself',
    look({ approvals, uid }) {
      if (approvals === undefined) return undefined
      const { dir, requests, decides } = approvals
      if (decides) return [false, `a verdict could be written in ${dir}`]
      return isPrivate(requests, dir, (file) => factsMustBeOurs('Directory of requests', dir, file, [uid ?? -1]))
    },
  },
]

/** Asks `judgeFile`, which throws when the file is not private. */
// The rules are those by which the server itself accepts or refuses to start: one of its own would drift.
export function isPrivate(file: FileFact | undefined, path: string, judgeFile: (file: FileFact) => void): Seen {
  if (file === undefined) return [undefined, `${path} could not be looked at`]
  const { mode, uid, gid } = file
  try {
    judgeFile(file)
    return [true, `${path} has mode ${octal(mode & 0o7777)} and belongs to ${uid}:${gid}`]
  } catch (thrown) {
    return [false, (thrown as Error).message]
  }
}
