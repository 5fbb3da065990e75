// What kind of media a file is, told by its first bytes: a name ending in .png proves nothing.

const ascii = (text: string) => Buffer.from(text, 'latin1')

/** `at` is the offset of `bytes`; all parts of a row must be there. */
const SIGNATURES: readonly (readonly [type: string, ...parts: readonly { at: number; bytes: Buffer }[]])[] = [
  ['image/png', { at: 0, bytes: ascii('\x89PNG\r\n\x1a\n') }],
  ['image/jpeg', { at: 0, bytes: ascii('\xff\xd8\xff') }],
  ['image/gif', { at: 0, bytes: ascii('GIF87a') }],
  ['image/gif', { at: 0, bytes: ascii('GIF89a') }],
  ['image/webp', { at: 0, bytes: ascii('RIFF') }, { at: 8, bytes: ascii('WEBP') }],
  ['image/bmp', { at: 0, bytes: ascii('BM') }, { at: 6, bytes: ascii('\0\0\0\0') }],
  ['image/tiff', { at: 0, bytes: ascii('II*\0') }],
  ['image/tiff', { at: 0, bytes: ascii('MM\0*') }],
  ['image/x-icon', { at: 0, bytes: ascii('\0\0\x01\0') }],
  ['image/avif', { at: 4, bytes: ascii('ftypavif') }],
  ['image/heic', { at: 4, bytes: ascii('ftypheic') }],
  ['audio/wav', { at: 0, bytes: ascii('RIFF') }, { at: 8, bytes: ascii('WAVE') }],
  ['audio/mpeg', { at: 0, bytes: ascii('ID3') }],
  ['audio/mpeg', { at: 0, bytes: ascii('\xff\xfb') }],
  ['audio/mpeg', { at: 0, bytes: ascii('\xff\xf3') }],
  ['audio/ogg', { at: 0, bytes: ascii('OggS') }],
  ['audio/flac', { at: 0, bytes: ascii('fLaC') }],
  ['audio/mp4', { at: 4, bytes: ascii('ftypM4A ') }],
  ['video/mp4', { at: 4, bytes: ascii('ftyp') }],
  ['video/webm', { at: 0, bytes: ascii('\x1aE\xdf\xa3') }],
  ['application/pdf', { at: 0, bytes: ascii('%PDF-') }],
  ['application/gzip', { at: 0, bytes: ascii('\x1f\x8b') }],
  ['application/zip', { at: 0, bytes: ascii('PK\x03\x04') }],
]

/** The media type of a file that begins with these bytes; `application/octet-stream` when nothing is known about them. */
export function mediaType(start: Buffer): string {
  const found = SIGNATURES.find(([, ...parts]) =>
    parts.every(({ at, bytes }) => start.subarray(at, at + bytes.length).equals(bytes)),
  )
  return found?.[0] ?? 'application/octet-stream'
}

// By which names a resource is asked for: what comes is told by the bytes all the same.
const NAMES = /\.(?:png|jpe?g|gif|webp|bmp|tiff?|ico|avif|heic|wav|mp3|ogg|flac|m4a|mp4|webm|pdf|gz|zip)$/i

export const isNamedLikeMedia = (path: string) => NAMES.test(path)
