// The bytes between front and worker: a fixed header, then a small JSON head, then raw UTF-8 text.

/** `head` is JSON; `body` is text that the other side passes on without parsing. */
export type Frame = Readonly<{ id: number; head: unknown; body: string }>

const HEADER_BYTES = 12 // three big-endian u32: call id, bytes of head, bytes of body
const MAX_HEAD_BYTES = 256 * 1024 // an operation with 100 bound parameters of 64 KB in all, and room

export function encodeFrame(frame: Frame): Buffer {
  const head = JSON.stringify(frame.head)
  const headBytes = Buffer.byteLength(head)
  const bodyBytes = Buffer.byteLength(frame.body)
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + headBytes + bodyBytes)
  bytes.writeUInt32BE(frame.id, 0)
  bytes.writeUInt32BE(headBytes, 4)
  bytes.writeUInt32BE(bodyBytes, 8)
  bytes.write(head, HEADER_BYTES)
  bytes.write(frame.body, HEADER_BYTES + headBytes)
  return bytes
}

/**
 * Returns a function that takes chunks and calls `deliver` for each whole frame. Throws `RangeError` on a frame
 * over its limits before collecting it, and `SyntaxError` on a head that is not JSON: the peer is then not to be trusted.
 */
export function frameReader(options: {
  maxBodyBytes: number
  /** What is parsed at once; as much as an operation may have when left out. */
  maxHeadBytes?: number
  deliver: (frame: Frame) => void
}): (chunk: Buffer) => void {
  let chunks: Buffer[] = []
  let held = 0
  let wanted = HEADER_BYTES
  return function read(chunk) {
    chunks.push(chunk)
    held += chunk.length
    while (held >= wanted) {
      const all = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, held)
      chunks = [all]
      const frameBytes = sizeOf(all, options)
      if (all.length < frameBytes) {
        wanted = frameBytes
        return
      }
      chunks = all.length === frameBytes ? [] : [all.subarray(frameBytes)]
      held = all.length - frameBytes
      wanted = HEADER_BYTES
      options.deliver(decode(all))
    }
  }
}

function sizeOf(
  bytes: Buffer,
  { maxBodyBytes, maxHeadBytes = MAX_HEAD_BYTES }: { maxBodyBytes: number; maxHeadBytes?: number },
): number {
  const headBytes = bytes.readUInt32BE(4)
  const bodyBytes = bytes.readUInt32BE(8)
  if (headBytes > maxHeadBytes)
    throw new RangeError(`Frame head must be at most ${maxHeadBytes} bytes, got ${headBytes}`)
  if (bodyBytes > maxBodyBytes)
    throw new RangeError(`Frame body must be at most ${maxBodyBytes} bytes, got ${bodyBytes}`)
  return HEADER_BYTES + headBytes + bodyBytes
}

function decode(bytes: Buffer): Frame {
  const headEnd = HEADER_BYTES + bytes.readUInt32BE(4)
  const bodyEnd = headEnd + bytes.readUInt32BE(8)
  return {
    id: bytes.readUInt32BE(0),
    head: JSON.parse(bytes.toString('utf8', HEADER_BYTES, headEnd)) as unknown,
    body: bytes.toString('utf8', headEnd, bodyEnd),
  }
}
