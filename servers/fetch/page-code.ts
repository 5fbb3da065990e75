// Code of a page: kept as it is, in a fence that its own backticks cannot close.

type Attributes = Readonly<Record<string, string>>

const LANGUAGE = /(?:^|\s)(?:language-|lang-|highlight-source-|brush:\s*)([a-z0-9+#-]{1,20})/i

/** The language that highlighters write into class names, or `''`. */
export const languageOf = (attributes: Attributes): string =>
  LANGUAGE.exec(attributes['class'] ?? '')?.[1]?.toLowerCase() ?? ''

export function codeBlock(text: string, language: string, markup: boolean): readonly string[] {
  const lines = text
    .replace(/\r\n?/g, '\n')
    .replace(/^\n+|\s+$/g, '')
    .split('\n')
  if (!markup || lines.join('') === '') return lines.join('') === '' ? [] : lines
  const fence = '`'.repeat(Math.max(3, longestRun(text) + 1))
  return [fence + language, ...lines, fence]
}

export function codeSpan(text: string, markup: boolean): string {
  const code = text.replace(/\s+/g, ' ').trim()
  if (!markup || code === '') return code
  const fence = '`'.repeat(longestRun(code) + 1)
  const pad = code.startsWith('`') || code.endsWith('`') ? ' ' : ''
  return fence + pad + code + pad + fence
}

const longestRun = (text: string) =>
  (text.match(/`+/g) ?? []).reduce((longest, run) => Math.max(longest, run.length), 0)
