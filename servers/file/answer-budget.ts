// Keeps an answer within its bytes while it is being built.

const ENVELOPE_BYTES = 1_024 // keys, braces, the truncation record and a notice of the output filters

export const payloadBytes = (outputBytes: number) => Math.max(0, outputBytes - ENVELOPE_BYTES)

/** Bytes of a value as JSON text. */
export const jsonBytes = (value: unknown) => Buffer.byteLength(JSON.stringify(value))

/** Bytes of a text inside a JSON string, without the quotes. */
export const textBytes = (text: string) => jsonBytes(text) - 2

/** Returns a function that says whether one more item fits, and counts it when it does. */
export function itemBudget(bytes: number): (item: unknown) => boolean {
  let left = bytes
  return function fits(item) {
    const cost = jsonBytes(item) + 1 // its comma
    if (cost > left) return false
    left -= cost
    return true
  }
}

/** How many UTF-16 units of `text` fit in `bytes` of JSON, never half a surrogate pair. */
export function fittingUnits(text: string, bytes: number): number {
  let left = bytes
  let units = 0
  for (const character of text) {
    left -= textBytes(character)
    if (left < 0) return units
    units += character.length
  }
  return units
}
