// The HTTPS site that fetch is measured on: one page, on an address of this machine that the containers and the process on the host all reach.
import { createServer } from 'node:https'
import { certificateAuthority } from '@hardened-mcp/testkit/certificates'
import { documentOf } from '../../../servers/fetch/testing/document-of.ts'

/** It resolves nowhere: the policy says at which address it is. */
export const SITE = 'pages.bench.example.com'
export const SITE_PORT = 18_444

/** Listens from `listen()` on, whose address need not be there before. `ca`: PEM text, what a client has to trust. */
export type Site = Readonly<{ ca: string; listen(): Promise<void>; close(): void }>

export async function makeSite(address: string, pageBytes: number): Promise<Site> {
  const authority = await certificateAuthority('bench site CA')
  const page = documentOf(pageBytes)
  const site = createServer(await authority.issue([SITE]), (_, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page)
  })
  return {
    ca: authority.ca,
    listen: () =>
      new Promise((resolve, reject) => {
        site.once('error', reject).listen(SITE_PORT, address, resolve)
      }),
    close: () => {
      site.closeAllConnections()
      site.close()
    },
  }
}
