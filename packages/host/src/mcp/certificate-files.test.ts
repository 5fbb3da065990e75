// A renewed certificate, or client CA, holds for the next connection, over real TLS; half a pair changes nothing.
import assert from 'node:assert/strict'
import { request } from 'node:https'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { connect } from 'node:tls'
import { certificateAuthority } from '@hardened-mcp/testkit/certificates'
import { certificateFiles, followCertificate } from './certificate-files.ts'
import { serveNotes } from './fixture/http.ts'

const until = async (holds: () => Promise<boolean> | boolean) => {
  for (let waited = 0; !(await holds()); waited += 20) {
    assert.ok(waited < 20_000)
    await delay(20)
  }
}

test('followCertificate() renews without a restart, keeps what is good, and says so once', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'certificate-'))
  const files = { certFile: join(dir, 'cert.pem'), keyFile: join(dir, 'key.pem') }
  const authority = await certificateAuthority()
  const [first, second] = [await authority.issue(['127.0.0.1']), await authority.issue(['127.0.0.1'])]
  assert.throws(() => certificateFiles(files), /cannot be read/)
  writeFileSync(files.certFile, first.cert)
  writeFileSync(files.keyFile, second.key)
  assert.throws(() => certificateFiles(files), /must be that of the certificate/)
  writeFileSync(files.keyFile, first.key)
  const shown = certificateFiles(files)
  const served = await serveNotes({ tls: shown })
  const log: string[] = []
  const stop = followCertificate({ files, shown, take: served.renew, log: (event) => void log.push(event), pollMs: 20 })
  const { port } = new URL(served.url)
  const serial = () =>
    new Promise<string>((resolve, fail) => {
      const socket = connect({ port: Number(port), host: '127.0.0.1', ca: authority.ca }, () => {
        resolve(socket.getPeerCertificate().serialNumber)
        socket.destroy()
      }).on('error', fail)
    })
  try {
    const before = await serial()
    writeFileSync(files.certFile, second.cert) // the key is still the old one
    await until(() => log.length > 0)
    assert.deepEqual([await serial(), log], [before, ['certificate_refused']])
    writeFileSync(files.keyFile, second.key)
    await until(async () => (await serial()) !== before)
    assert.deepEqual(log, ['certificate_refused', 'certificate_loaded'])
    rmSync(files.certFile)
    await until(() => log.length > 2)
    assert.notEqual(await serial(), before)
  } finally {
    stop()
    await served.close()
    rmSync(dir, { recursive: true })
  }
})

test('followCertificate() lets in by the client CA that its file holds now', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'certificate-'))
  const files = {
    certFile: join(dir, 'cert.pem'),
    keyFile: join(dir, 'key.pem'),
    clientCaFile: join(dir, 'clients.pem'),
  }
  const [servers, first, second] = await Promise.all(['servers', 'first', 'second'].map(certificateAuthority))
  assert.ok(servers !== undefined && first !== undefined && second !== undefined)
  const { cert, key } = await servers.issue(['127.0.0.1'])
  writeFileSync(files.certFile, cert)
  writeFileSync(files.keyFile, key)
  for (const [text, reason] of [
    [undefined, /client CA .*cannot be read/],
    ['none', /must be PEM/],
    [cert, /must be an authority/],
  ] as const) {
    if (text !== undefined) writeFileSync(files.clientCaFile, text)
    assert.throws(() => certificateFiles(files), reason)
  }
  writeFileSync(files.clientCaFile, first.ca)
  const shown = certificateFiles(files)
  const served = await serveNotes({ tls: shown })
  const log: string[] = []
  const stop = followCertificate({ files, shown, take: served.renew, log: (event) => void log.push(event), pollMs: 20 })
  const clients = await Promise.all([first, second].map((one) => one.issue(['agent'], { of: 'client' })))
  const letIn = () =>
    Promise.all(
      clients.map(
        (own) =>
          new Promise<boolean>((resolve) => {
            const url = served.url.replace('/mcp', '/healthz')
            const sent = request(url, { ...own, ca: servers.ca, agent: false }, (answer) => {
              answer.resume()
              resolve(true)
            })
            sent.on('error', () => resolve(false)).end()
          }),
      ),
    )
  try {
    assert.deepEqual(await letIn(), [true, false])
    writeFileSync(files.clientCaFile, 'half')
    await until(() => log.length > 0)
    assert.deepEqual([await letIn(), log], [[true, false], ['certificate_refused']])
    writeFileSync(files.clientCaFile, second.ca)
    await until(() => log.length > 1)
    assert.deepEqual(await letIn(), [false, true])
  } finally {
    stop()
    await served.close()
    rmSync(dir, { recursive: true })
  }
})
