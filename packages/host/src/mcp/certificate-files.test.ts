// A renewed certificate is shown to the next connection, over real TLS; half a pair changes nothing.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { connect } from 'node:tls'
import { certificateAuthority } from '@hardened-mcp/testkit/certificates'
import { certificateFiles, followCertificate } from './certificate-files.ts'
import { serveNotes } from './fixture/http.ts'

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
  const until = async (holds: () => Promise<boolean> | boolean) => {
    for (let waited = 0; !(await holds()); waited += 20) {
      assert.ok(waited < 20_000)
      await delay(20)
    }
  }
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
