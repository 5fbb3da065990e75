// Reads the vectors of this server: plain JSON that any other implementation can run too.
import { readFileSync } from 'node:fs'

export type Vector<Given, Expect> = Readonly<{ name: string; given: Given; expect: Expect; because: string }>

export const vectors = <Given, Expect>(file: string) =>
  JSON.parse(readFileSync(new URL(`../../../test/vectors/paths/${file}`, import.meta.url), 'utf8')) as readonly Vector<
    Given,
    Expect
  >[]
