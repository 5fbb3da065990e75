// The text of a file that the operator names in a policy: a secret, or the certificate of an authority.
import { readFileSync } from 'node:fs'

/** Throws `RangeError` with one line; `what` is the part of the policy that names the file. */
export function listedFile(file: string, what: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    throw new RangeError(`File ${file} of ${what} cannot be read`)
  }
}
