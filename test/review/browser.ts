// Debian's Chromium, and a page in it that counts what it runs, asks for and complains about.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

export type Opened = Readonly<{
  page: Page
  /** What was asked for beside the page; `refused` holds those of them that its policy kept back. */
  requests: string[]
  refused: string[]
  /** Console messages and uncaught errors. */
  complaints: string[]
}>
export type Reading = Readonly<{
  open(path: string, options?: BrowserContextOptions): Promise<Opened>
  close(): Promise<void>
}>

/** `CHROMIUM` names another one. */
export async function openBrowser(): Promise<Reading> {
  const executablePath = process.env['CHROMIUM'] ?? PLACES.find((path) => existsSync(path))
  assert.ok(
    executablePath !== undefined,
    'These tests need Chromium: apt-get install chromium, or CHROMIUM=/path/to/it',
  )
  const browser = await chromium.launch({
    executablePath,
    chromiumSandbox: process.getuid?.() !== 0, // not for root; nothing but pages of these tests is opened
    args: ['--host-resolver-rules=MAP * ~NOTFOUND'],
  })
  return {
    open: (path, options = {}) => openPage(browser, pathToFileURL(path).href, options),
    close: () => browser.close(),
  }
}

async function openPage(browser: Browser, url: string, options: BrowserContextOptions): Promise<Opened> {
  const page = await (await browser.newContext(options)).newPage()
  const [requests, refused, complaints]: [string[], string[], string[]] = [[], [], []]
  page.on('request', (request) => request.url().split('#')[0] === url || void requests.push(request.url()))
  page.on('requestfailed', (request) => request.failure()?.errorText === 'csp' && void refused.push(request.url()))
  page.on('console', (message) => void complaints.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', (error) => void complaints.push(error.message))
  page.on('dialog', (dialog) => void complaints.push(`dialog: ${dialog.message()}`))
  await page.goto(url, { waitUntil: 'load' })
  return { page, requests, refused, complaints }
}

/** Runs a function of in-page.ts in the page. */
export const ask = <Answer>(page: Page, what: string, about: unknown = null): Promise<Answer> =>
  page.evaluate<Answer>(`(${what})(${JSON.stringify(about)})`)
