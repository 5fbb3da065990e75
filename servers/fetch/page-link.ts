// Question: where does this link of a page lead?
// Threat:   javascript: and data: links, user names that look like hosts, and endless query strings in what a model reads.
// Rule:     absolute http or https without user name, at most 2048 characters; every other link is kept as its text alone.
// Limits:   says nothing about the target; following a link is another call, judged like any other.
// Proof:    markdown.test.ts

const MAX_LINK_CHARS = 2_048

/** The absolute target as markdown can hold it, or `undefined` when only the text is kept. */
export function pageLink(href: string | undefined, base: string): string | undefined {
  if (href === undefined || href === '' || href.startsWith('#') || href.length > MAX_LINK_CHARS) return undefined
  const url = URL.parse(href, base)
  if (
    url === null ||
    (url.protocol !== 'https:' && url.protocol !== 'http:') ||
    url.username !== '' ||
    url.password !== ''
  )
    return undefined
  return url.href.replaceAll('(', '%28').replaceAll(')', '%29')
}
