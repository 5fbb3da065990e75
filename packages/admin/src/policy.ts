// `hardened-mcp policy`: checks a policy file before a server is started with it.
import { parseStrictly, readPolicyFile } from '@hardened-mcp/host/admin'
import { type Command, UsageError } from './command.ts'
import { SERVERS } from './servers.ts'

export const policy: Command = {
  usage: 'hardened-mcp policy check FILE',
  help: 'Validates the file as "serve" would, names the first mistake, and prints what each server may do.',
  async run(args) {
    const [verb, path, ...extra] = args
    if (verb !== 'check' || path === undefined || extra.length > 0)
      throw new UsageError('Usage: hardened-mcp policy check FILE')
    const { servers } = readPolicyFile(path)
    for (const [name, section] of Object.entries(servers)) {
      const server = SERVERS[name]
      if (server === undefined || section === undefined) continue
      const { definition } = server
      const resources =
        section.resources === undefined
          ? undefined
          : parseStrictly(definition.resources, section.resources, `servers.${name}.resources`)
      const tools = resources === undefined ? undefined : definition.tools(resources)
      const known = new Map(tools?.map((tool) => [tool.name, tool]))
      for (const tool of [...section.allowed_tools, ...section.denied_tools]) {
        if (tools !== undefined && !known.has(tool)) throw new RangeError(`servers.${name}: there is no tool ${tool}`)
      }
      const callable = section.allowed_tools.filter(
        (tool) =>
          !section.denied_tools.includes(tool) &&
          (known.get(tool)?.needs ?? []).every((need) => section.permissions.includes(need)),
      )
      process.stdout.write(`${name}: ${callable.length > 0 ? callable.join(', ') : 'no tool can be called'}\n`)
    }
    return 0
  },
}
