#!/usr/bin/env node
// Starts the command under the pinned Node; an older one gets one clear line instead of a syntax error.
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 24 || (major === 24 && minor < 15)) {
  process.stderr.write(
    `hardened-mcp: Node 24.15 or later is needed, this is ${process.versions.node}. In a checkout, run it as "npx hardened-mcp" after "npm ci"\n`,
  )
  process.exit(78)
}
const { main } = await import('../src/main.ts')
process.exit(await main(process.argv.slice(2)))
