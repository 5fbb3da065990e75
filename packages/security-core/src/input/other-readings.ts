// The texts that a text stands for when it is decoded: base64, percent signs, entities, escapes, letters set apart.

const MAX_READINGS = 16 // a page of data holds thousands of base64 runs; the first ones are read
const BASE64 = /(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{24,8192}={0,2}/g
const SET_APART = /(?<![^ ._*|-])(?:[^ ._*|-][ ._*|-]{1,6}){7,}[^ ._*|-](?![^ ._*|-])/g
const ENTITY = /&#(?:x([0-9a-f]{1,6})|(\d{1,7}));?/gi
const ESCAPE = /\\u\{?([0-9a-f]{4,6})\}?|\\x([0-9a-f]{2})|%([0-9a-f]{2})/gi

/** Linear: each is one pass over the text. */
export function otherReadings(text: string): readonly string[] {
  const readings: string[] = []
  for (const [run] of text.matchAll(BASE64)) {
    if (readings.length >= MAX_READINGS) break
    const decoded = decodedText(run)
    if (decoded !== undefined) readings.push(decoded)
  }
  const together = text.replace(SET_APART, (run) => {
    const between = /[ ._*|-]+/.exec(run)?.[0]
    return run.replace(/[ ._*|-]+/g, (gap) => (gap === between ? '' : ' ')) // another gap parts words
  })
  if (together !== text) readings.push(together)
  const plain = text.replace(ENTITY, (_, hex: string | undefined, decimal: string | undefined) =>
    character(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)),
  )
  const unescaped = plain.replace(ESCAPE, (_, ...codes: (string | undefined)[]) =>
    character(Number.parseInt(codes.slice(0, 3).find((code) => code !== undefined) ?? '', 16)),
  )
  if (unescaped !== text) readings.push(unescaped)
  return readings
}

// Words of random bytes decode too, but hardly ever to printable text alone.
function decodedText(run: string): string | undefined {
  const decoded = Buffer.from(run, 'base64').toString('utf8')
  return decoded.length >= 12 && !/[\ufffd\u0000-\u0008\u000e-\u001f]/.test(decoded) ? decoded : undefined
}

const character = (code: number) => (code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : ' ')
