// Where things are when the operator does not say (XDG Base Directory Specification 0.8).
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

const base = (variable: string, fallback: string) => process.env[variable] || join(homedir(), fallback)

export const defaultKeysFile = () => join(base('XDG_CONFIG_HOME', '.config'), 'hardened-mcp', 'keys.json')
export const defaultAuditDir = (server: string) => join(base('XDG_STATE_HOME', '.local/state'), 'hardened-mcp', server)
/** Where keys are, an operator may write, and every server may read: the switch lies there too. */
export const killSwitchBeside = (keysFile: string) => join(dirname(keysFile), 'killswitch.json')
