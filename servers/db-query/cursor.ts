// Question: where does the next page start, and may this caller ask for it?
// Threat:   cursors that are forged, guessed, moved to another query, caller, tenant or database, or used after the data changed.
// Rule:     a cursor holds a position and a fingerprint of the data, under an HMAC with the tenant's own key over them and all the query is bound to.
// Limits:   says nothing about the query itself: it is judged again on each page. A restart of the server ends all cursors.
// Proof:    cursor.test.ts
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import type { TenantScope } from '@hardened-mcp/security-core/worker'
import { stop } from './refusals.ts'

/** What a page belongs to. `data` is the fingerprint of the rows that the query reads. */
export type Binding = Readonly<{
  caller: Readonly<{ tenant: TenantScope; id: string }>
  database: string
  sql: string
  params: unknown
}>

export type Cursors = Readonly<{
  mint(binding: Binding, data: Buffer, skip: number): string
  /** The number of rows to skip; throws the refusal when the cursor is not for this query, or not for these data. */
  read(cursor: string, binding: Binding, data: Buffer): number
}>

export const DATA_BYTES = 12 // 96 bits: a chance hit is out of reach, and nobody can search for one without the HMAC
const MAC_BYTES = 16 // RFC 2104 §5: half the hash is the least
const HASH_BYTES = 32
const SKIP_BYTES = 6
const CURSOR_BYTES = SKIP_BYTES + DATA_BYTES + MAC_BYTES

/** `secret` is shared by all workers of this server and by nobody else. */
export function cursors(secret: string): Cursors {
  if (secret.length < 32) throw new RangeError(`Secret must have at least 32 characters, got ${secret.length}`)
  const keyOf = (tenant: TenantScope) =>
    new Uint8Array(hkdfSync('sha256', secret, '', `db-query cursor 2 ${tenant}`, HASH_BYTES))
  const macOf = ({ caller, database, sql, params }: Binding, head: Buffer) =>
    createHmac('sha256', keyOf(caller.tenant))
      .update(JSON.stringify([caller.id, database, sql, params]))
      .update(head)
      .digest()
      .subarray(0, MAC_BYTES)
  return {
    mint(binding, data, skip) {
      const head = Buffer.alloc(SKIP_BYTES + DATA_BYTES)
      head.writeUIntBE(skip, 0, SKIP_BYTES)
      data.copy(head, SKIP_BYTES, 0, DATA_BYTES)
      return Buffer.concat([head, macOf(binding, head)]).toString('base64url')
    },
    read(cursor, binding, data) {
      const bytes = Buffer.from(cursor, 'base64url')
      const head = bytes.subarray(0, SKIP_BYTES + DATA_BYTES)
      // Lenient decoding ignores what is not base64url, so the text must be exactly the one that was given out.
      if (bytes.length !== CURSOR_BYTES || bytes.toString('base64url') !== cursor) throw foreign()
      if (!timingSafeEqual(bytes.subarray(SKIP_BYTES + DATA_BYTES), macOf(binding, head))) throw foreign()
      if (!head.subarray(SKIP_BYTES).equals(data.subarray(0, DATA_BYTES)))
        throw stop('invalid_input', 'The data have changed since the cursor was given; run the query again without it')
      return head.readUIntBE(0, SKIP_BYTES)
    },
  }
}

const foreign = () =>
  stop('invalid_input', 'The cursor does not belong to this query; repeat the query and its parameters exactly')
