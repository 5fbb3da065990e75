// Turns the bytes of a body into text: byte order mark, then header, then the page's own meta, then UTF-8.
import type { MediaType } from './media-type.ts'

const SNIFFED_BYTES = 1024 // HTML Standard §13.2.3.2: a meta charset stands in the first 1024 bytes
const META_CHARSET = /<meta[^>]{0,200}?charset\s*=\s*["']?\s*([a-z0-9_:.-]{1,40})/i
const XML_ENCODING = /^<\?xml[^>]{0,100}?encoding\s*=\s*["']([a-z0-9_:.-]{1,40})/i

/** Never throws: bytes that do not fit the encoding become U+FFFD. */
export function decodeText(bytes: Buffer, { kind, charset }: MediaType): string {
  const label = bomOf(bytes) ?? charset ?? declared(bytes, kind) ?? 'utf-8'
  return decoder(label).decode(bytes)
}

function bomOf(bytes: Buffer): string | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8'
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be'
  return bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : undefined
}

function declared(bytes: Buffer, kind: MediaType['kind']): string | undefined {
  const start = bytes.toString('latin1', 0, SNIFFED_BYTES)
  const found = (kind === 'html' ? META_CHARSET.exec(start) : undefined) ?? XML_ENCODING.exec(start)
  const label = found?.[1]
  return label !== undefined && /^utf-?16/i.test(label) ? 'utf-8' : label // it was readable as ASCII, so it is not UTF-16
}

// A label nobody knows, UTF-7 for one, is no way to smuggle text past a reader: it is read as UTF-8.
function decoder(label: string): { decode(bytes: Uint8Array): string } {
  try {
    return new TextDecoder(label)
  } catch {
    return new TextDecoder('utf-8')
  }
}
