// All rules over one rendered set, and the published schema of each of its kinds.
import { type Document, type Rule, whereOf } from './documents.ts'
import { hardening } from './hardening.ts'
import { network } from './network.ts'
import { podSecurity } from './pod-security.ts'
import { references } from './references.ts'

export type Finding = Readonly<{ rule: string; where: string; because: string }>

export const RULES: readonly Rule[] = [...podSecurity, ...hardening, ...network, ...references]

export const judge = (set: readonly Document[], rules: readonly Rule[] = RULES): readonly Finding[] =>
  rules.flatMap(({ name, because, broken }) => broken(set).map((where) => ({ rule: name, where, because })))

type Model = new (data: unknown) => { validate(): void }

/** Documents that their published schema refuses, or that have none here. */
export async function schemaFindings(set: readonly Document[]): Promise<readonly Finding[]> {
  const findings = await Promise.all(
    set.map(async (document): Promise<Finding[]> => {
      const { apiVersion, kind } = document
      try {
        const module = (await import(`kubernetes-models/${apiVersion}/${kind}`)) as Record<string, Model>
        const Kind = module[kind] as Model
        new Kind(document).validate()
        return []
      } catch (thrown) {
        return [{ rule: 'schema', where: whereOf(document), because: (thrown as Error).message.split('\n')[0] ?? '' }]
      }
    }),
  )
  return findings.flat()
}
