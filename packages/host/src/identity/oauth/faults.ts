// Why a token or its proof is not taken. Apart from what reads them, which a server that knows only API keys never loads.

/** Why a token is refused: one line for the audit trail, without a word of the token. */
export class TokenFault extends Error {
  override readonly name = 'TokenFault'
}

/** A good token that too many hands, or the wrong ones, have come by: the caller is known, and may not do this (403). */
export class DelegationFault extends Error {
  override readonly name = 'DelegationFault'
}

/** A proof without a nonce, or with an old one: the answer carries a new one (RFC 9449 §9). */
export class NonceNeeded extends Error {
  override readonly name = 'NonceNeeded'
}

/** No key set: the issuer cannot be reached, or what it serves cannot be used. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable'
}
