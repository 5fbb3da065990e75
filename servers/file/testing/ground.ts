// A directory to work in: a root, and a place outside it with something worth stealing.
import { execFileSync } from 'node:child_process'
import { linkSync, mkdirSync, mkdtempSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** One thing to build; `to` may begin with $ROOT or $OUT. */
export type Step = Readonly<
  | { file: string; text?: string; base64?: string }
  | { dir: string }
  | { link: string; to: string }
  | { hard: string; to: string }
  | { fifo: string }
>

export type Ground = Readonly<{ root: string; out: string; build(steps: readonly Step[]): void; remove(): void }>

export const SECRET_TEXT = 'the secret outside'

export function ground(): Ground {
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'file-server-')))
  const root = join(base, 'root')
  const out = join(base, 'out')
  const place = (name: string) => name.replace(/^\$ROOT/, root).replace(/^\$OUT/, out)
  const inRoot = (name: string) => (name.startsWith('$') ? place(name) : join(root, name))
  mkdirSync(root)
  mkdirSync(out)
  writeFileSync(join(out, 'secret.txt'), SECRET_TEXT)
  return {
    root,
    out,
    build(steps) {
      for (const step of steps) {
        const [kind = '', name = ''] = Object.entries(step)[0] ?? []
        const path = inRoot(name)
        mkdirSync(dirname(path), { recursive: true })
        if ('file' in step)
          writeFileSync(path, step.base64 === undefined ? (step.text ?? '') : Buffer.from(step.base64, 'base64'))
        else if ('link' in step) symlinkSync(place(step.to), path)
        else if ('hard' in step) linkSync(inRoot(step.to), path)
        else if ('fifo' in step) execFileSync('mkfifo', [path])
        else if (kind === 'dir') mkdirSync(path, { recursive: true })
      }
    },
    remove: () => void execFileSync('rm', ['-rf', base]), // also trees deeper than any path
  }
}
