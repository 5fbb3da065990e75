// The last lines of a file out of the bytes at its end.
import { textBytes } from './answer-budget.ts'
import { type TextEncoding, textDecoder } from './text-encoding.ts'

export function lastLines(
  tail: Buffer,
  options: Readonly<{ encoding: TextEncoding; whole: boolean; lines: number; bytes: number }>,
): { text: string; totalLines?: number; isCut: boolean } {
  const { encoding, whole, lines, bytes } = options
  const decoded = textDecoder(encoding).decode(whole ? tail : tail.subarray(firstCharacter(tail, encoding)))
  const all = decoded.match(/[^\n]*\n|[^\n]+$/g) ?? []
  // Without the bytes before it, the first line is only the rest of one.
  const known = whole || all.length < 2 ? all : all.slice(1)
  const kept: string[] = []
  let left = bytes
  for (const line of known.slice(-lines).toReversed()) {
    left -= textBytes(line)
    if (left < 0) break
    kept.unshift(line)
  }
  const isWholeLine = whole || all.length > 1
  const text = kept.length > 0 || known.length === 0 ? kept.join('') : fittingEnd(known.at(-1) ?? '', bytes)
  return {
    text,
    ...(whole ? { totalLines: all.length } : {}),
    isCut: !isWholeLine || kept.length < Math.min(lines, whole ? known.length : lines),
  }
}

// UTF-8 continuation bytes at the start belong to a character that was cut off.
function firstCharacter(tail: Buffer, encoding: TextEncoding): number {
  if (encoding !== 'utf-8') return 0
  let at = 0
  while (at < 4 && ((tail[at] ?? 0) & 0xc0) === 0x80) at += 1
  return at
}

function fittingEnd(line: string, bytes: number): string {
  const characters = [...line]
  let left = bytes
  let from = characters.length
  while (from > 0) {
    left -= textBytes(characters[from - 1] ?? '')
    if (left < 0) break
    from -= 1
  }
  return characters.slice(from).join('')
}
