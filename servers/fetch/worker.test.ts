// The real worker process, fenced as in production, with strace watching from outside: only the granted place is dialled.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { certificateAuthority } from '@hardened-mcp/testkit/certificates'
import refused from '../../test/vectors/urls/refused.json' with { type: 'json' }
import { type HostileSite, hostileSite, reply } from '../../packages/host/src/outbound/testing/hostile-site.ts'
import { type NameServer, nameServer } from '../../packages/host/src/outbound/testing/name-server.ts'
import { dialledFrom } from './testing/dialled.ts'
import { haveStrace, type WorkerProcess, workerProcess } from './testing/worker-process.ts'

const folder = mkdtempSync(join(tmpdir(), 'fetch-worker-'))
const traceFile = join(folder, 'trace')
let site: HostileSite
let names: NameServer
let worker: WorkerProcess
let ca_file: string
let granted: object

before(async () => {
  const authority = await certificateAuthority()
  ca_file = join(folder, 'ca.pem')
  writeFileSync(ca_file, authority.ca)
  names = await nameServer({
    'rebind.example.com': { addresses: ['127.0.0.1'] },
    'mixed.example.com': { addresses: ['93.184.216.34', '10.0.0.1'] },
    'alias.example.com': { cname: 'inside.example.com', addresses: ['169.254.169.254'] },
  })
  site = await hostileSite(await authority.issue(['site.corp']), {
    '/': reply(200, { 'content-type': 'text/html' }, '<title>T</title><p>hello'),
    '/to-metadata': reply(302, { location: 'https://169.254.169.254/' }),
    '/to-loopback': reply(302, { location: `https://127.0.0.1:22/` }),
    '/to-rebind': reply(302, { location: 'https://rebind.example.com/' }),
  })
  granted = {
    allow: ['*'],
    internal: [{ host: 'site.corp', cidr: '127.0.0.1', port: site.port, ca_file }],
    dns_servers: [names.address],
  }
  worker = await workerProcess(granted, { reads: [ca_file], ...(haveStrace ? { traceFile } : {}) })
})

after(async () => {
  await site.close()
  await names.close()
  rmSync(folder, { recursive: true })
})

suite('the worker process', () => {
  test('answers from the granted place, and asks its robots.txt', async () => {
    const { answer } = await worker.fetch(`https://site.corp:${site.port}/`)
    assert.equal(answer?.['text'], 'hello')
    assert.match(site.requests[0] ?? '', /^GET \/robots\.txt /)
  })

  test('refuses every URL of the corpus, every bad look-up and every bad redirect', async () => {
    for (const { given, expect } of refused.filter((row) => row.given !== '')) {
      const { code, says } = await worker.fetch(given)
      assert.equal(code, 'url_denied', given)
      assert.ok(expect === 'characters' || says?.includes(`(${expect})`), `${given}: ${says}`)
    }
    for (const name of ['rebind', 'mixed', 'alias'])
      assert.equal((await worker.fetch(`https://${name}.example.com/`)).code, 'url_denied')
    for (const path of ['to-metadata', 'to-loopback', 'to-rebind'])
      assert.equal((await worker.fetch(`https://site.corp:${site.port}/${path}`)).code, 'url_denied')
  })

  test('as strace saw it, nobody was dialled but the site and the name server', {
    skip: !haveStrace && 'strace is not installed',
  }, async () => {
    await worker.close()
    assert.deepEqual(dialledFrom(traceFile), new Set([`127.0.0.1:${site.port}`, names.address]))
  })

  test('does not start with resources that are not what the operator may grant', async () => {
    await assert.rejects(workerProcess({ ...granted, allow: ['localhost'] }), /did not start/)
    await assert.rejects(workerProcess({ ...granted, insecure: true }), /did not start/)
  })
})
