// Question: is this line of standard input one unambiguous message of bounded size?
// Threat:   a line without an end that fills the memory; keys twice; deep nesting; a reader that answers faster than it is read.
// Rule:     at most 1 MiB a line, each line strict JSON; what is not is answered with a parse error and goes no further.
//           Nothing more is read while the output is backed up.
// Limits:   says nothing about JSON-RPC; the protocol schemas judge what passes. A cut-off last line is dropped.
// Proof:    strict-lines.test.ts
import { Transform, type TransformCallback, type Writable } from 'node:stream'
import { PARSE_ERROR } from './rpc-error.ts'
import { strictJson } from './strict-json.ts'

const MAX_LINE_BYTES = 1024 * 1024 // as over HTTP
const NEWLINE = 0x0a

/** Passes on whole lines that are good; writes the answer to the others to `output`. */
export class StrictLines extends Transform {
  #output: Writable
  #pieces: Buffer[] = []
  #held = 0
  #tooLong = false

  constructor(output: Writable) {
    super()
    this.#output = output
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      this.#hold(chunk.subarray(start, end))
      this.#line()
      start = end + 1
    }
    this.#hold(chunk.subarray(start))
    if (!this.#output.writableNeedDrain || this.#output.closed) return done()
    const go = () => {
      this.#output.off('drain', go).off('close', go)
      done()
    }
    this.#output.on('drain', go).on('close', go)
  }

  #hold(piece: Buffer): void {
    this.#held += piece.length
    if (this.#held <= MAX_LINE_BYTES) this.#pieces.push(piece)
    else {
      this.#tooLong = true
      this.#pieces = [] // the rest of this line is thrown away as it comes
    }
  }

  #line(): void {
    const line = Buffer.concat(this.#pieces)
    const fault = this.#tooLong ? `The message is longer than ${MAX_LINE_BYTES} bytes` : faultOf(line)
    this.#pieces = []
    this.#held = 0
    this.#tooLong = false
    if (fault === undefined) this.push(Buffer.concat([line, Buffer.of(NEWLINE)]))
    else if (fault !== '') this.#output.write(`${JSON.stringify(answerOf(fault))}\n`)
  }
}

// An empty line is nobody's message: nothing to pass on and nothing to answer.
function faultOf(line: Buffer): string | undefined {
  if (/^\s*$/.test(line.toString('latin1', 0, 64)) && line.length < 64) return ''
  try {
    strictJson(line)
    return undefined
  } catch (thrown) {
    return (thrown as SyntaxError).message
  }
}

const answerOf = (fault: string) => ({
  jsonrpc: '2.0',
  error: { code: PARSE_ERROR.code, message: `${PARSE_ERROR.message}: ${fault}` },
})
