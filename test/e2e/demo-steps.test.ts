// What the demo shows, as a test: its ordinary work is answered, its scenarios and attacks are refused with their codes, over HTTP.
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { connect, type TestClient } from '@hardened-mcp/testkit/clients'
import { type Attack, attacks, legitimate, scenarios, type Step } from '../demo/steps.ts'
import { openTarget, type Target } from '../target.ts'

let target: Target
const clients: Record<string, TestClient> = {}

before(async () => {
  target = await openTarget()
  for (const name of ['db-query', 'file', 'fetch'])
    clients[name] = await connect('v2-auto', await target.reach(name, 'http'))
})
after(async () => {
  for (const client of Object.values(clients)) await client.close()
  await target.close()
})

/** The code of the refusal; nothing when it was answered. */
async function codeOf({ server, tool, args }: Step): Promise<string | undefined> {
  try {
    const { isError, structuredContent } = await (clients[server] as TestClient).call(tool, args)
    return isError === true ? (structuredContent['error'] as { code: string }).code : undefined
  } catch (thrown) {
    return String((thrown as { code?: number }).code)
  }
}
const title = ({ server, tool, args }: Step) => `${server} ${tool} ${JSON.stringify(args).slice(0, 90)}`
const onSite = (step: Step): Step => ({
  ...step,
  args: JSON.parse(JSON.stringify(step.args).replace('SITE', target.siteUrl)) as Record<string, unknown>,
})

const STEPS: readonly (Step | Attack)[] = [
  ...legitimate('SITE'),
  ...scenarios('SITE').flatMap(({ steps }) => steps),
  ...attacks('SITE'),
]
suite('the demo over HTTP', () => {
  for (const step of STEPS) {
    const refused = 'refused' in step ? step.refused : undefined
    test(`${refused === undefined ? 'answers' : `refuses (${refused})`} ${title(step)}`, async () => {
      assert.equal(await codeOf(onSite(step)), refused)
    })
  }
})
