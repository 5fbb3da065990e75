// Compares the tools with the checked-in snapshot, and exits 1 when they differ. With --write, takes them over.
import { currentSnapshot, keepSnapshot, keptSnapshot, snapshotDifferences } from './snapshot.ts'

const now = currentSnapshot()
if (process.argv[2] === '--write') keepSnapshot(now)
const found = snapshotDifferences(keptSnapshot(), now)
for (const what of found) process.stderr.write(`${what}\n`)
if (found.length > 0) process.stderr.write('Read the change as a model would, then: npm run manifest:renew\n')
process.exit(found.length === 0 ? 0 : 1)
