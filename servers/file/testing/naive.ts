// What most servers do: look where the path leads, compare, then open the path again. It is here to be beaten.
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'

function checked(root: string, path: string): string {
  const asked = join(root, path)
  if (!`${realpathSync.native(asked)}/`.startsWith(`${root}/`)) throw new RangeError('outside')
  return asked
}

export const naive = {
  read: (root: string, path: string) => readFileSync(checked(root, path), 'utf8'),
  list: (root: string, path: string) => readdirSync(checked(root, path)).join('\n'),
  info: (root: string, path: string) => String(statSync(checked(root, path)).size),
}
