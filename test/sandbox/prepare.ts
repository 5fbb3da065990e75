// Before a run of all container tests (--test-global-setup): the machine and the images once, for every file.
import { prepare } from './machine.ts'

export const globalSetup = (): Promise<void> => prepare()
