// What calls have to agree in to be parts of one page. Holds the tenant: nobody reads on in what another one fetched.
import type { Operation } from './operations.ts'

export const pageKey = ({ tenant, url, format, selector, headers = {} }: Operation): string =>
  JSON.stringify([
    tenant,
    url,
    format,
    selector ?? null,
    Object.entries(headers)
      .map(([name, value]) => `${name.toLowerCase()}: ${value}`)
      .toSorted((a, b) => (a < b ? -1 : 1)),
  ])
