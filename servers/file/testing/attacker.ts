// The other side of the race: a process that swaps names inside the root for links to the outside, as fast as it can.
import { existsSync, lstatSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'
import { join } from 'node:path'

const [root = '', out = ''] = process.argv.slice(2)
const at = (name: string) => join(root, name)

// Built by the test: d/ (with secret.txt and deep/secret.txt), file.txt, and links beside them.
process.stdin.on('data', () => undefined).on('end', () => process.exit(0))
setPriority(Math.min(19, getPriority() + 5)) // the side that is tested shall get its share of two cores
process.stdout.write('swapping\n')
setImmediate(function swap() {
  for (let i = 0; i < 20; i++) {
    for (let turn = 0; turn < 16; turn++) swapDirectory()
    // A file is replaced by a link, and by a file again; there is always something under its name.
    symlinkSync(join(out, 'secret.txt'), at('tmp'))
    renameSync(at('tmp'), at('file.txt'))
    writeFileSync(at('tmp'), 'inside')
    renameSync(at('tmp'), at('file.txt'))
  }
  setImmediate(swap)
})
process.on('exit', () => rmSync(at('tmp'), { force: true }))

// A directory and a link to the outside trade places.
function swapDirectory(): void {
  try {
    renameSync(at('d'), at('d-aside'))
    renameSync(at('d-link'), at('d'))
    renameSync(at('d'), at('d-link'))
    renameSync(at('d-aside'), at('d'))
  } catch {
    // The other side has made a directory in the gap. It goes, and both come back to their places.
    if (!existsSync(at('d-aside'))) return
    try {
      rmSync(at('d'), { recursive: true, force: true })
      renameSync(at('d-aside'), at('d'))
    } catch {
      return // the other side is making more in it; the next turn comes back here
    }
    if (lstatSync(at('d-link'), { throwIfNoEntry: false }) === undefined) symlinkSync(out, at('d-link'))
  }
}
