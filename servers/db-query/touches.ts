// What an operation touches: a database, and the table that it describes. What a statement reads is for the worker to know.
import type { Place } from '@hardened-mcp/host'
import type { Operation } from './operations.ts'

export const touches =
  () =>
  (operation: Operation): readonly Place[] => {
    const { database } = operation
    if (database === undefined) return []
    const name = operation.op === 'describe_table' ? `${database}.${operation.table}` : database
    return [{ within: database, name }]
  }
