// A keys file that is none any more: what it still says narrows the last good set, and nothing widens it.

/** The bytes are no keys file. `standing` are the hashes that they still hold, as far as that can be told, and do not revoke. */
export class KeysBroken extends RangeError {
  readonly standing: ReadonlySet<string>

  constructor(message: string, text: string, value?: unknown) {
    super(message)
    const records = (value as { keys?: unknown } | null | undefined)?.keys
    const list: readonly ({ hash?: unknown; revoked?: unknown } | null)[] = Array.isArray(records) ? records : []
    const gone = new Set(list.filter((record) => record?.revoked !== undefined).map((record) => record?.hash))
    this.standing = new Set((text.match(/sha256:[0-9a-f]{64}/g) ?? []).filter((hash) => !gone.has(hash)))
  }
}
