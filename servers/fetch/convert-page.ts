// From the source of a page to what a format shows of it.
import { breakTemplateTokens, Denial } from '@hardened-mcp/security-core/worker'
import { htmlToText } from './markdown.ts'
import type { MediaType } from './media-type.ts'
import type { Operation } from './operations.ts'
import { parseSelector } from './selector.ts'

export type Converted = Readonly<{
  title?: string
  canonical_url?: string
  language?: string
  published?: string
  metadata?: Readonly<Record<string, string>>
  matches?: number
  text: string
  dropped?: Readonly<Record<string, number>>
  cut?: 'bytes' | 'depth'
}>

/** Throws `Denial` when the page does not fit the format, or time runs out. */
export function convertPage(
  source: string,
  type: MediaType,
  { format, selector }: Pick<Operation, 'format' | 'selector'>,
  context: Readonly<{ base: string; endsAt: number }>,
): Converted {
  if (format === 'json') return safely({ text: requireJson(source) })
  if (type.kind !== 'html') {
    if (format === 'links' || format === 'metadata' || selector !== undefined)
      throw new Denial('upstream_failed', `${format} of ${type.essence}`, { says: SAYS_NO_HTML })
    return safely({ text: source })
  }
  const parsed = selector === undefined ? undefined : parseSelector(selector)
  const whole = format === 'html' && parsed === undefined // the source as it is
  const output = whole || format === 'metadata' ? 'nothing' : format
  const page = htmlToText(source, {
    ...context,
    markup: format === 'markdown',
    output,
    ...(parsed === undefined ? {} : { selector: parsed }),
  })
  if (whole) return safely({ ...about(page), text: source })
  if (format === 'metadata') return { ...about(page), metadata: page.metadata ?? {}, text: '' }
  return safely(page)
}

// What a page says of itself; nothing was dropped where its source is shown.
function about({ title, canonical_url, language, published }: Converted): Omit<Converted, 'text'> {
  return {
    ...(title === undefined ? {} : { title }),
    ...(canonical_url === undefined ? {} : { canonical_url }),
    ...(language === undefined ? {} : { language }),
    ...(published === undefined ? {} : { published }),
  }
}

function safely(page: Converted): Converted {
  const { text, found } = breakTemplateTokens(page.text)
  if (found === 0) return page
  return { ...page, text, dropped: { ...page.dropped, template_tokens: found } }
}

function requireJson(source: string): string {
  try {
    JSON.parse(source)
    return source
  } catch {
    throw new Denial('upstream_failed', 'Body is not JSON', { says: 'The remote server did not answer with JSON' })
  }
}

const SAYS_NO_HTML = 'The remote server answered with something other than HTML, which this format or selector needs'
