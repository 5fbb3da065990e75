// The verifier: written from FORMAT.md, and kept apart from everything that writes. Nothing in here may import the writer.
export type { Anchor, LineAnchor } from './anchors.ts'
export { faultOfLine } from './line-fault.ts'
export { openNote, readCheckpoint, readVerifierKey, type VerifierKey } from './open-note.ts'
export type { LiveKey } from './seals.ts'
export { type Boundary, trailVerifier, type Verdict } from './trail-verifier.ts'
