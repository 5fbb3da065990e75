// What most servers do: look where the path leads, compare, then open the path again. It is here to be beaten.
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'

function checked(root: string, path: string): string {
  const asked = join(root, path)
  if (!`${realpathSync.native(asked)}/`.startsWith(`${root}/`)) throw new RangeError('outside')
  return asked
}

const checkedParent = (root: string, path: string) => join(checked(root, dirname(path)), basename(path))

export const naive = {
  read: (root: string, path: string) => readFileSync(checked(root, path), 'utf8'),
  list: (root: string, path: string) => readdirSync(checked(root, path)).join('\n'),
  info: (root: string, path: string) => `"size":${statSync(checked(root, path)).size}`,
  search: (root: string, path: string) =>
    readdirSync(checked(root, path), { recursive: true, encoding: 'utf8' }).join('\n'),
  write: (root: string, path: string) => {
    writeFileSync(checkedParent(root, path), 'naive')
  },
  makeDirectory: (root: string, path: string) => {
    mkdirSync(checkedParent(root, path))
  },
  move: (root: string, path: string, to: string) => {
    renameSync(checkedParent(root, path), checkedParent(root, to))
  },
  remove: (root: string, path: string) => {
    unlinkSync(checkedParent(root, path))
  },
}
