// A policy file as its servers would take it.
import { checkPolicy, type PolicyFile, readPolicyFile } from '@hardened-mcp/host/admin'
import { SERVERS } from '../all-servers.ts'

/** Reads the file and holds it against the servers that it names. */
export function checked(path: string): PolicyFile {
  const { file } = readPolicyFile(path)
  for (const name of Object.keys(file.servers)) {
    const server = SERVERS[name]
    if (server !== undefined) checkPolicy(server.definition, file)
  }
  return file
}
