// All servers at once, for the commands that judge a whole policy file.
import { loadServers } from './servers.ts'

export const SERVERS = await loadServers()
