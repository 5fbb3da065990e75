// What the command line needs: running servers, reading policy, keys and trails.
export { type SlotAnchor, verifyDirectory } from './audit/verify-directory.ts'
export { type FrontConfig, type HttpConfig, parseStrictly, readPolicyFile, type ServerPolicy } from './config.ts'
export type { ServerDefinition } from './define-server.ts'
export { type RunOptions, runServer } from './sandbox/run-server.ts'
export { SANDBOX_MODES, type SandboxRequest } from './sandbox/supervisor-sandbox.ts'
export { EXIT_CONFIG } from './sandbox/exit-codes.ts'
export { CHECKSUM, KEY_PATTERN, mintKey } from './identity/api-key.ts'
export { type KeyRecord, readKeysFileSync, updateKeysFile } from './identity/api-key-file.ts'
