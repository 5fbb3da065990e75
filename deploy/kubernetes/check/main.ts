// kubectl kustomize OVERLAY | node deploy/kubernetes/check/main.ts: says what is weak, and ends with 1 when anything is.
import { text } from 'node:stream/consumers'
import { readDocuments } from './documents.ts'
import { digestIsSet } from './hardening.ts'
import { judge, RULES, schemaFindings } from './judge.ts'

const set = readDocuments(await text(process.stdin))
const findings = [...(await schemaFindings(set)), ...judge(set, [...RULES, digestIsSet])]
for (const { rule, where, because } of findings) process.stdout.write(`${rule}: ${where} (${because})\n`)
process.stdout.write(
  `${set.length} documents, ${RULES.length + 1} rules and the schemas: ${findings.length} findings\n`,
)
process.exitCode = set.length === 0 || findings.length > 0 ? 1 : 0
