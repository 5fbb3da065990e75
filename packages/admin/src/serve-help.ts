// What `hardened-mcp serve --help` says: the grants of each server, as its page describes them, and the flags of all.
import { loadServers } from './servers.ts'

export async function helpText(): Promise<string> {
  const grants = Object.entries(await loadServers()).flatMap(([name, { definition }]) => [
    `Grants of ${name} (nothing is granted by default):`,
    ...Object.entries(definition.flags).map(([flag, { value, help }]) => `  --${flag} ${value}`.padEnd(34) + help),
  ])
  return `${grants.join('\n')}

Common flags:
  --policy FILE                   Policy file (YAML or JSON): tools, permissions, rate limits, resources
  --audit DIR                     Directory of the audit trail (default: the user's state directory)
  --taint DIR                     Labels of what callers have read, shared by all servers that name the same directory
  --manifest FILE                 Signed manifest of the tools: a server that offers anything else does not start
  --manifest-key KEY              Who has to have signed it: the line that "manifest keygen" printed, or its file
  --killswitch FILE               What "hardened-mcp killswitch" switches off (default: killswitch.json beside the keys file)
  --workers N                     Worker processes kept ready
  --metrics ADDRESS:PORT          Prometheus reads /metrics there, and /healthz and /readyz; loopback, unless
  --metrics-from CIDR             names the networks that may read them (repeatable)
  --sandbox MODE                  auto: bubblewrap where it works, else permission (the default), and says so
                                  bwrap: bubblewrap or no start; permission: Node's permission model only
                                  none: no fence; needs --because TEXT and --until YYYY-MM-DD

HTTP (without it the server speaks stdio):
  --http HOST:PORT                Listen for Streamable HTTP at /mcp; loopback unless TLS or a proxy is declared
  --keys FILE                     API keys, as written by "hardened-mcp keys mint"
  --tls-cert FILE --tls-key FILE  Serve TLS in process
  --tls-client-ca FILE            Let nobody connect without a certificate of this authority
  --trusted-proxy CIDR            A proxy that terminates TLS in front of this server (repeatable)
  --allowed-host HOST[:PORT]      Accepted Host header (repeatable)
  --allowed-origin ORIGIN         Accepted Origin header (repeatable)`
}
