// read_text_file: lines of one file, from the start or the end, at a cost that does not grow with the file.
import { fstatSync, readSync } from 'node:fs'
import { Denial, type Result } from '@hardened-mcp/security-core/worker'
import { payloadBytes, textBytes } from './answer-budget.ts'
import { closing, openForReading } from './descriptors.ts'
import { mustBeFile } from './entry-rules.ts'
import { lastLines } from './last-lines.ts'
import { type Cut, lineWindow } from './line-window.ts'
import type { OperationOf } from './operations.ts'
import { virtualPath } from './path-syntax.ts'
import type { OpenRoot } from './roots.ts'
import { type TextEncoding, textDecoder, textEncoding } from './text-encoding.ts'
import type { Entry } from './walk.ts'

const CHUNK_BYTES = 65_536
const chunk = Buffer.alloc(CHUNK_BYTES) // reused: reads are synchronous, and a fresh one costs more than a small read
const SCAN_BYTES = 64 * 1024 * 1024 // to reach a line or count them: a third of a second

type TextPart = Readonly<{ text: string; encoding: TextEncoding; totalLines?: number; cut?: Cut }>

export function readText(root: OpenRoot, entry: Entry, asked: OperationOf<'read_text'>, outputBytes: number): Result {
  const answer = textOf(root, entry, asked, payloadBytes(outputBytes))
  return { text: JSON.stringify(answer), truncated: 'truncated' in answer }
}

/** The answer about one file. Text and path take at most `most` bytes of JSON; what is around them comes on top. */
export function textOf(
  root: OpenRoot,
  entry: Entry,
  asked: Pick<OperationOf<'read_text'>, 'from' | 'numbered'>,
  most: number,
) {
  mustBeFile(root, entry)
  const path = virtualPath({ root: root.grant, segments: entry.segments })
  const bytes = most - textBytes(path)
  const { text, encoding, totalLines, cut } = closing(openForReading(entry.fd), (fd) =>
    asked.from.end === 'last'
      ? readEnd(fd, asked.from.lines, bytes)
      : readLines(fd, { ...asked.from, bytes, numbered: asked.numbered }),
  )
  return {
    path,
    text,
    ...(totalLines === undefined ? {} : { total_lines: totalLines }),
    ...(encoding === 'utf-8' ? {} : { encoding }),
    ...(cut === undefined ? {} : { truncated: cut }),
  }
}

// A file that grows while it is read ends with the scan, as one without end does.
function readLines(fd: number, wanted: Parameters<typeof lineWindow>[0]): TextPart {
  let count = readSync(fd, chunk, 0, CHUNK_BYTES, 0)
  const encoding = mustBeText(chunk.subarray(0, count))
  const decoder = textDecoder(encoding)
  const window = lineWindow(wanted)
  let scanned = 0
  while (count > 0 && scanned < SCAN_BYTES) {
    scanned += count
    window.add(decoder.decode(chunk.subarray(0, count), { stream: true }))
    if (window.text().includes('\0')) throw notText()
    count = readSync(fd, chunk, 0, CHUNK_BYTES, scanned)
  }
  const atEnd = count === 0
  if (atEnd) window.add(decoder.decode())
  const cut = window.cut()
  if (!atEnd && cut === undefined) {
    if (window.text() === '') throw tooFar()
    return { text: window.text(), encoding, cut: { reason: 'bytes' } }
  }
  return {
    text: window.text(),
    encoding,
    ...(atEnd ? { totalLines: window.lines() } : {}),
    ...(cut === undefined ? {} : { cut }),
  }
}

function readEnd(fd: number, lines: number, bytes: number): TextPart {
  const encoding = mustBeText(chunk.subarray(0, readSync(fd, chunk, 0, CHUNK_BYTES, 0)))
  const wide = encoding.startsWith('utf-16')
  const wanted = wide ? 2 * bytes : bytes // UTF-16 may shrink to half; no other encoding does
  const { size } = fstatSync(fd)
  const start = Math.max(0, size - wanted) & ~1 // an even offset never splits a UTF-16 unit
  const tail = Buffer.alloc(size - start)
  let filled = 0
  for (let count = -1; count !== 0 && filled < tail.length; filled += count)
    count = readSync(fd, tail, filled, tail.length - filled, start + filled)
  const { text, totalLines, isCut } = lastLines(tail.subarray(0, filled), {
    encoding,
    whole: start === 0,
    lines,
    bytes,
  })
  if (text.includes('\0')) throw notText()
  return {
    text,
    encoding,
    ...(totalLines === undefined ? {} : { totalLines }),
    ...(isCut ? { cut: { reason: 'bytes' } } : {}),
  }
}

function mustBeText(start: Buffer): TextEncoding {
  const encoding = textEncoding(start)
  if (encoding === undefined) throw notText()
  return encoding
}

const notText = () =>
  new Denial('invalid_input', 'The file is not text', {
    says: 'This file is not text; read it with read_media_file',
  })

const tooFar = () =>
  new Denial('too_large', 'The line was not reached within the scan', {
    says: 'This line lies too far into the file to be reached; read the end with tail',
  })
