// What the operator says of the authorization servers it trusts: parsed once, strictly, as part of the policy file.
import { CAPABILITIES, readUrl, scopeTable } from '@hardened-mcp/security-core'
import { z } from 'zod'
import { proxyList } from '../../mcp/peer.ts'
import { tenantName } from '../../tenant-name.ts'

/** The signatures this suite can be told to accept: asymmetric, and none that a public key could forge. */
export const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'] as const
export type Algorithm = (typeof ALGORITHMS)[number]

const MAX_ISSUERS = 16
const claim = z.string().regex(/^[A-Za-z0-9_.:/-]{1,128}$/, 'Must be the name of a claim')
/** Without query and fragment. */
export const plainUrl = (text: string) => {
  const reading = readUrl(text)
  return reading.ok && !/[?#]/.test(text)
}
const webUrl = z.string().refine(plainUrl, 'Must be a plain https URL without query and fragment')
const path = z.string().min(1).max(4096)
/** A control that is weakened: why, and the last day on which that is accepted. */
export const weakened = z.strictObject({ because: z.string().min(10).max(256), until: z.iso.date() })
export const inside = z
  .strictObject({ network: z.string(), prefix: z.int().min(8).max(128), ca_file: path.exactOptional() })
  .refine(({ network, prefix }) => isNetwork(network, prefix), 'Must be a network such as 10.0.0.5 with its prefix')

const issuer = z
  .strictObject({
    /** Stands in the caller's id, in front of the subject. */
    name: z.string().regex(/^(?!local$|k_)[a-z][a-z0-9-]{0,23}$/, 'Must be 1 to 24 characters of a-z 0-9 -'),
    /** Exactly as it stands in `iss`. */
    issuer: webUrl,
    jwks_uri: webUrl.exactOptional(),
    algorithms: z.array(z.enum(ALGORITHMS)).min(1).default(['RS256']),
    /** Exactly as it stands in `aud`; the resource itself when left out. */
    audience: z.string().min(1).max(512).exactOptional(),
    tenant: tenantName.exactOptional(),
    tenant_claim: claim.exactOptional(),
    /** The tenants that this issuer may speak for. */
    tenants: z.array(tenantName).min(1).max(10_000).exactOptional(),
    scope_claim: z.enum(['scope', 'scp']).default('scope'),
    dpop: z.enum(['optional', 'required']).default('optional'),
    /** Tokens bound to the certificate of the client's TLS connection (RFC 8705 §3); needs TLS in this process. */
    mtls: z.enum(['off', 'optional', 'required']).default('off'),
    /** Accepts `typ` JWT or none: an issuer that does not speak RFC 9068. */
    any_typ: weakened.exactOptional(),
    /** Accepts further audiences beside ours. */
    several_audiences: weakened.exactOptional(),
    introspection: z
      .strictObject({ endpoint: webUrl, client_id: z.string().min(1), secret_file: path })
      .exactOptional(),
    /** Where the issuer is not on the public internet: the only network it may be in. */
    inside: inside.exactOptional(),
  })
  .refine((one) => (one.tenant === undefined) !== (one.tenant_claim === undefined), 'Needs tenant or tenant_claim')
  .refine((one) => (one.tenant_claim === undefined) === (one.tenants === undefined), 'Needs tenants with tenant_claim')
  .refine((one) => one.jwks_uri !== undefined || one.introspection !== undefined, 'Needs jwks_uri or introspection')
export type IssuerConfig = z.output<typeof issuer>

const actor = z.string().regex(/^[\x21-\x7e]{1,256}$/, 'Must be the sub of an actor')
const delegation = z.strictObject({
  /** Actors behind one subject, the current one counted (RFC 8693 §4.1). 0: nobody acts for anybody. */
  max_depth: z.int().min(0).max(10).default(3),
  /** Who may act for a subject. Nobody else may, at any place of the chain. */
  actors: z.array(actor).max(1_000).default([]),
  /** What this server is called where it acts itself: a chain that holds it has come round. */
  own_id: actor.exactOptional(),
})

const distinct = <Item>(items: readonly Item[], key: (item: Item) => unknown) =>
  new Set(items.map(key)).size === items.length

export const oauthSection = z
  .strictObject({
    /** The URL that clients use: the identifier of RFC 9728 and the audience of RFC 8707. */
    resource: webUrl,
    issuers: z
      .array(issuer)
      .min(1)
      .max(MAX_ISSUERS)
      .refine((list) => distinct(list, ({ issuer }) => issuer), 'Must not name an issuer twice')
      .refine((list) => distinct(list, ({ name }) => name), 'Must not use a name twice')
      .refine((list) => list.filter((one) => one.introspection !== undefined).length <= 1, 'Only one may introspect'),
    scopes: z.record(z.string(), z.array(z.enum(CAPABILITIES)).readonly()),
    scope_implies: z.record(z.string(), z.array(z.string()).readonly()).default({}),
    /** `jti` of tokens that are no longer accepted. */
    revoked: z.array(z.string().min(1).max(256)).max(10_000).default([]),
    dpop_nonce: z.boolean().default(false),
    /** Left out: a token that one party presents for another is refused. */
    delegation: delegation.default({ max_depth: 3, actors: [] }),
  })
  .superRefine(({ scopes, scope_implies }, context) => {
    try {
      scopeTable(scopes, scope_implies)
    } catch (thrown) {
      context.addIssue({ code: 'custom', message: (thrown as Error).message })
    }
  })
export type OauthConfig = z.output<typeof oauthSection>

/** Every file beside the policy that the section names. */
export const oauthFiles = ({ issuers }: OauthConfig): readonly string[] =>
  issuers.flatMap(({ inside, introspection }) =>
    [inside?.ca_file, introspection?.secret_file].filter((file) => file !== undefined),
  )

function isNetwork(network: string, prefix: number): boolean {
  try {
    proxyList([`${network}/${prefix}`])
    return true
  } catch {
    return false
  }
}
