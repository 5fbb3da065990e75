// `hardened-mcp manifest`: picks the verb.
import { type Command, UsageError } from './command.ts'

const VERBS: Readonly<Record<string, () => Promise<(args: readonly string[]) => Promise<number>>>> = {
  create: async () => (await import('./manifest/signing.ts')).create,
  keygen: async () => (await import('./manifest/signing.ts')).keygen,
  sign: async () => (await import('./manifest/signing.ts')).sign,
  verify: async () => (await import('./manifest/signing.ts')).verify,
  scan: async () => (await import('./manifest/scan/scan.ts')).scan,
}

export const manifest: Command = {
  usage: `hardened-mcp manifest create [SERVER grants] [--policy FILE] [--image [SERVER=]DIGEST]...
hardened-mcp manifest keygen FILE
hardened-mcp manifest sign FILE --key KEYFILE
hardened-mcp manifest verify FILE --key KEY [SERVER grants] [--policy FILE] [--image [SERVER=]DIGEST]...
hardened-mcp manifest scan [--json] [--approve FILE [--renew]] [--config FILE] [--bearer FILE] [FILE|URL]... [-- COMMAND ARG...]`,
  help: `  create   Prints the digests of every tool of a server with these grants, or of all servers of a policy file
  keygen   Makes the file of a key (mode 0600) and prints its public half
  sign     Prints the manifest with a signature (C2SP signed note); "serve --manifest FILE --manifest-key KEY" takes it
  verify   Compares what the servers would offer with what was signed, and names what differs
  scan     Reads the tools of any MCP server and looks for instructions to the model, hidden writing, look-alike names and
           parameters that ask for more than the work needs. Servers given together are compared with each other

  --policy FILE              The policy file that the server runs with: its id is part of the manifest
  --image [SERVER=]DIGEST    sha256:… of the image that it runs from, as "docker image inspect" prints it
  --key KEY                  verify: the line that keygen printed, or a file that holds it; sign: the file that keygen made

  scan: FILE                 The answer to tools/list, or a bare list of tools
  scan: URL                  https, or http on loopback; --bearer FILE holds the token
  scan: -- COMMAND ARG...    Starts the server (this runs it: use a sandbox for one you do not trust), with an empty environment but
                             for --env NAME (repeatable), and kills it and what it started
  --config FILE              Every server of a client's configuration ("mcpServers"), each as above
  --approve FILE             Writes what was said when there is no such file and nothing was found; compares with it afterwards
  --renew                    Takes what is said now as approved
  --fail-on SEVERITY         low, medium (default) or high: what ends with 1
  --timeout SECONDS          For each server (default 30)

Exit codes of scan: 0 clean; 1 findings, or something changed since it was approved; 2 a server could not be read.
Of create, sign and verify: 0 as signed. 1: something differs, or the signature is not of this key. 78: a file cannot be read.`,
  async run(args) {
    const [verb, ...rest] = args
    const load = verb !== undefined && Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined
    if (load === undefined) throw new UsageError(`manifest needs one of ${Object.keys(VERBS).join(', ')}`)
    const run = await load()
    return run(rest)
  },
}
