// Amounts as compose files and Docker write them.
import { textOf } from './fields.ts'

const FACTORS: Readonly<Record<string, number>> = { '': 1, b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 }

/** `768m`, `"805306368"`, 805306368 in bytes; 0 for what is missing; NaN for what cannot be read. */
export function bytesOf(value: unknown): number {
  if (value === undefined || value === null) return 0
  const [, amount, unit = ''] = /^(-?\d+(?:\.\d+)?)\s*([kmg]?b?)$/i.exec(textOf(value).trim()) ?? []
  return amount === undefined
    ? Number.NaN
    : Number(amount) * (FACTORS[unit.toLowerCase().replace(/(.)b$/, '$1')] ?? Number.NaN)
}

/** `12s`, `1m30s` in seconds; Docker's default of 10 for what is missing; NaN for what cannot be read. */
export function secondsOf(value: unknown): number {
  if (value === undefined || value === null) return 10
  const parts = [...textOf(value).matchAll(/(\d+(?:\.\d+)?)(us|ms|h|m|s)/g)]
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== textOf(value)) return Number.NaN
  const factor: Readonly<Record<string, number>> = { us: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 }
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (factor[unit as string] ?? Number.NaN), 0)
}
