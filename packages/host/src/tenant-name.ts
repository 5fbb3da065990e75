// How a tenant is named wherever an operator writes one down.
import { z } from 'zod'

export const tenantName = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'Must be 1 to 63 characters of a-z 0-9 _ -')
