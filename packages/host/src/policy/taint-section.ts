// The part of the policy file that says what callers may still do after what they have read.
import { isAbsolute } from 'node:path'
import { z } from 'zod'
import { storeAddress } from './store-address.ts'

export const DEFAULT_WINDOW_MINUTES = 720 // a working day: longer than a conversation lasts; a key of its own for each run is exact

export const taintSection = z
  .strictObject({
    mode: z.enum(['enforce', 'mark']).default('enforce'),
    /** How long a caller carries a label after the last read that gave it. */
    window_minutes: z.int().min(1).max(43_200).default(DEFAULT_WINDOW_MINUTES),
    /** Shared by the servers of one deployment, so that each knows what a caller read from the others. */
    directory: z.string().refine(isAbsolute, 'Must be an absolute path').exactOptional(),
    /** One Valkey or Redis in its place, for replicas on several machines. */
    shared: storeAddress.exactOptional(),
  })
  .refine(({ directory, shared }) => directory === undefined || shared === undefined, {
    path: ['shared'],
    message: 'Takes the place of directory: one of them',
  })
export type TaintSection = z.output<typeof taintSection>
