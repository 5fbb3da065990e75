// Question: does the site want automatic readers on this page?
// Threat:   a robots.txt that is a bomb, a maze of wildcards, or a way to reach another host.
// Rule:     RFC 9309 through the same session and judge; 4xx means yes, 401, 403, 5xx and failures mean no; 512 kB and 5000 rules at most.
// Limits:   a courtesy to the site, not a protection of this machine; the operator may switch it off.
// Proof:    robots.test.ts
import { denyUrl, must, type WebUrl } from '@hardened-mcp/security-core/worker'
import { readBody } from './body.ts'
import { followRedirects, type Route } from './redirects.ts'

export type RobotsRules = (url: WebUrl, route: Route) => Promise<void>

type Rule = Readonly<{ allow: boolean; pattern: string }>
type Verdict = 'all' | 'none' | readonly Rule[]

const MAX_ROBOTS_BYTES = 512_000 // RFC 9309 §2.5: at least 500 KiB; the rest is not read
const MAX_RULES = 5_000
const MAX_WILDCARDS = 8 // more than any real rule has
const KEEP_MS = 60 * 60_000 // RFC 9309 §2.4: at most a day; an hour follows changes sooner
const MAX_SITES = 500

/** Returns a check that throws `Denial` when the page is off limits. */
export function robotsRules(options: { userAgent: string; obey: boolean; now?: () => number }): RobotsRules {
  const { userAgent, obey, now = () => performance.now() } = options
  const product = (/^[A-Za-z_-]+/.exec(userAgent)?.[0] ?? userAgent).toLowerCase() // RFC 9309 §2.2.1
  const sites = new Map<string, { verdict: Verdict; until: number }>()
  return async function check(url, route) {
    const { origin, pathname, search } = new URL(url.href)
    if (!obey || pathname === '/robots.txt') return
    const key = `${String(route.ask.tenant)} ${origin}` // by tenant: the rules may have come from where others may not go
    let site = sites.get(key)
    if (site === undefined || site.until < now()) {
      site = { verdict: await loadVerdict(`${origin}/robots.txt`, product, route), until: now() + KEEP_MS }
      if (sites.size >= MAX_SITES) sites.clear()
      if (site.verdict !== 'none') sites.set(key, site) // a site that was down is asked again
    }
    if (!permits(site.verdict, pathname + search)) must(denyUrl('robots', `robots.txt of ${url.host}`))
  }
}

// Where the site itself cannot be reached or may not be, the page's own fetch would say the same: that refusal goes on as it is.
async function loadVerdict(text: string, product: string, route: Route): Promise<Verdict> {
  const { session, judge, headers, stop } = route
  const ask = { tenant: route.ask.tenant, method: 'GET', anyPath: true } as const
  const { answer } = await followRedirects(text, { session, judge, headers, stop, ask })
  if (answer.status === 401 || answer.status === 403 || answer.status >= 500) return discard(answer, 'none')
  if (answer.status !== 200) return discard(answer, 'all')
  const bytes = await readBody(answer, route.stop)
  return parseRobots(bytes.toString('utf8', 0, MAX_ROBOTS_BYTES), product)
}

const discard = (answer: { discard(): void }, verdict: Verdict): Verdict => {
  answer.discard()
  return verdict
}

/** The rules for `product`: those of all groups that name it, or of `*`. Pure. */
export function parseRobots(text: string, product: string): Verdict {
  const own: Rule[] = []
  const everyone: Rule[] = []
  let agents: string[] = []
  let named = false
  let inRules = false
  for (const line of text.replace(/^\ufeff/, '').split(/\r\n|\r|\n/)) {
    const [, key = '', value = ''] = /^\s*([A-Za-z-]+)\s*:\s*([^#]*)/.exec(line) ?? []
    const field = key.toLowerCase()
    if (field === 'user-agent') {
      if (inRules) agents = []
      inRules = false
      agents.push(value.trim().toLowerCase())
    } else if (field === 'allow' || field === 'disallow') {
      inRules = true
      const rule = { allow: field === 'allow', pattern: asPath(value.trim()) }
      if (agents.includes(product)) own.push(rule)
      if (agents.includes('*')) everyone.push(rule)
    }
    named ||= agents.includes(product)
    if (own.length > MAX_RULES || everyone.length > MAX_RULES) return 'none'
  }
  return named ? own : everyone
}

// RFC 9309 §2.2.2: paths are compared in percent-encoded form.
const asPath = (pattern: string) => pattern.toWellFormed().replace(/[^\x00-\x7f]+/g, encodeURIComponent)

/** RFC 9309 §2.2.2: the longest match decides, and `allow` wins a tie. Pure. */
export function permits(verdict: Verdict, path: string): boolean {
  if (verdict === 'all' || verdict === 'none') return verdict === 'all'
  let best = -1
  let allowed = true
  for (const { allow, pattern } of verdict) {
    if (pattern === '' || pattern.length < best || !matches(pattern, path)) continue
    if (pattern.length > best || allow) allowed = allow
    best = pattern.length
  }
  return allowed
}

// Greedy from left to right: linear in the path for each wildcard, where a regular expression would go back and forth.
function matches(pattern: string, path: string): boolean {
  const anchored = pattern.endsWith('$')
  const [first = '', ...parts] = (anchored ? pattern.slice(0, -1) : pattern).split('*')
  if (parts.length > MAX_WILDCARDS) return true // a maze counts as a match of whatever it says
  if (!path.startsWith(first)) return false
  let at = first.length
  const last = anchored ? parts.pop() : undefined
  for (const part of parts) {
    const found = path.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  if (!anchored) return true
  return last === undefined ? at === path.length : path.length - last.length >= at && path.endsWith(last)
}
