// The matrix of access tokens against any MCP server over HTTP that can be told to trust an issuer:
// node test/identity/run.ts --url URL --resource AUDIENCE --scope SCOPE [--port 9443] [--ca-out ca.pem] [--tenant acme]
import { writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { parseArgs } from 'node:util'
import { ask } from './ask.ts'
import { authorizationServer } from './authorization-server.ts'
import { forge } from './forge.ts'
import { TOKEN_CASES } from './token-cases.ts'

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    resource: { type: 'string' },
    scope: { type: 'string' },
    port: { type: 'string', default: '9443' },
    'ca-out': { type: 'string', default: 'ca.pem' },
    tenant: { type: 'string', default: 'acme' },
  },
})
const { url, resource, scope, tenant } = values
if (url === undefined || resource === undefined || scope === undefined) {
  console.error('Needs --url, --resource and --scope')
  process.exit(78)
}
const server = await authorizationServer(scope, { host: '127.0.0.1', port: Number(values.port) })
writeFileSync(values['ca-out'], server.ca)
console.log(
  `Let the server trust ${server.issuer} with the keys at ${server.issuer}/jwks (RS256, ES256), for the audience ${resource};`,
)
console.log(
  `tenant in the claim "tenant"; authority of its certificate in ${values['ca-out']}; actors gateway, a, b, c, d and itself as "notes".`,
)
await createInterface({ input: process.stdin, output: process.stdout }).question('Then press Enter. ')

const common = { resource, scope, tenant }
const first = forge({ ...common, issuer: server.issuer, key: server.keys.rsa })
const second = forge({ ...common, issuer: server.second, key: server.keys.second })
let wrong = 0
let asked = 0
for (const { group, name, status, fields } of TOKEN_CASES) {
  if (group === 'second' || name.includes('second issuer')) continue // those need a server with two issuers
  const got = await ask({ url }, fields({ server, forge: first, second, resource, scope }))
  asked += 1
  if (got.status === status) continue
  wrong += 1
  console.log(`${group}: ${name}: ${got.status}, expected ${status}`)
}
console.log(`${asked - wrong} of ${asked} rows as expected`)
await server.close()
process.exit(wrong === 0 ? 0 : 1)
