// The corpora of tool definitions, and what the scan makes of them by class.
import { readFileSync } from 'node:fs'
import { isAtLeast, scanTools } from '@hardened-mcp/security-core'
import { keptSnapshot } from './snapshot.ts'

export type Row = Readonly<{ name: string; class: string; given: object }>
export type Figures = ReadonlyMap<string, Readonly<{ found: number; of: number }>>

const read = (name: string) =>
  JSON.parse(readFileSync(new URL(`../vectors/tools/${name}.json`, import.meta.url), 'utf8')) as readonly Row[]

/** The rules were written beside the first two; the held-out ones were written afterwards, and measured before any rule was changed for them. */
export const CORPORA = {
  poisoned: read('poisoned'),
  clean: [
    ...read('clean'),
    ...keptSnapshot().flatMap(({ entry, tools }) =>
      tools.map((given) => ({ name: `own ${(given as { name: string }).name}`, class: `own ${entry.name}`, given })),
    ),
  ],
  poisonedHeldOut: read('poisoned-held-out'),
  cleanHeldOut: read('clean-held-out'),
} as const

/** Whether the scan of a definition by itself would end with 1. */
export const isFound = ({ given }: Row): boolean => isAtLeast(scanTools([{ name: 'one', tools: [given] }]), 'medium')

export function figuresOf(rows: readonly Row[]): Figures {
  const figures = new Map<string, { found: number; of: number }>()
  for (const row of rows) {
    const { found, of } = figures.get(row.class) ?? { found: 0, of: 0 }
    figures.set(row.class, { found: found + (isFound(row) ? 1 : 0), of: of + 1 })
  }
  return figures
}

export const total = (figures: Figures) => {
  const all = [...figures.values()]
  return { found: all.reduce((sum, { found }) => sum + found, 0), of: all.reduce((sum, { of }) => sum + of, 0) }
}
