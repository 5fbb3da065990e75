// Question: is it well formed?
// Threat:   arguments of a wrong type, over-long strings, unknown keys that a later reader would understand.
// Rule:     the tool's strict schema accepts the whole value or the call ends; the message names the argument and the rule.
// Limits:   knows types, ranges and lengths only. What the values mean is for the policies and the worker.
// Proof:    parse-input.test.ts
import type { z } from 'zod'
import { Denial } from '../denial.ts'

const MAX_ISSUES = 3 // enough to mend a call; the rest would only repeat it

/** Returns the parsed input, or throws `Denial('invalid_input')`. Values of the arguments never enter the message. */
export function parseInput<Input>(schema: z.ZodType<Input>, input: unknown): Input {
  const parsed = schema.safeParse(input ?? {})
  if (parsed.success) return parsed.data
  const issues = parsed.error.issues.slice(0, MAX_ISSUES).map(sayIssue)
  const says = `Invalid arguments: ${issues.join('; ')}`
  throw new Denial('invalid_input', says, { says })
}

// Keys of unknown arguments are the caller's own text: printable ASCII, bounded, so that they cannot carry anything on.
const asName = (text: string) => text.replace(/[^\x20-\x7e]/g, '?').slice(0, 64)

function sayIssue(issue: z.core.$ZodIssue): string {
  const where = issue.path.map((part) => asName(String(part))).join('.') || 'arguments'
  if (issue.code === 'unrecognized_keys')
    return `${where}: unknown key ${issue.keys.slice(0, 3).map(asName).join(', ')}`
  return `${where}: ${asRule(issue.message)}`
}

// zod's own messages state the rule, not the value; custom messages of our schemas are fixed sentences.
const asRule = (message: string) => message.replace(/[^\x20-\x7e]/g, '?').slice(0, 160)
