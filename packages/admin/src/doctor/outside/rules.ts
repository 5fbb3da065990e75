// All rules about a deployment, in the order in which they are told.
import { networkRules } from './network-rules.ts'
import { placeRules } from './place-rules.ts'
import { processRules } from './process-rules.ts'
import type { Rule } from './rule.ts'

export const RULES: readonly Rule[] = [...processRules, ...placeRules, ...networkRules]
