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
process.stdout.on('error', () => process.exit(74)) // the reader went away (EX_IOERR)
const code = await main(process.argv.slice(2))
// What a pipe does not hold at once (64 KiB) is still here, and would go with the process.
const written = [process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write('', done)))
await Promise.all(written)
process.exit(code)
