// ${NAME}, ${NAME:-default} and their kin in a compose file, as the Compose Specification has them.

export type Variables = Readonly<Record<string, string | undefined>>

/** Replaces the variables in every text of `value`. Throws `RangeError` for `${NAME:?message}` without a value, and for a brace that never closes. */
export function interpolate(value: unknown, variables: Variables): unknown {
  if (typeof value === 'string') return text(value, variables)
  if (Array.isArray(value)) return value.map((item) => interpolate(item, variables))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, interpolate(item, variables)]))
}

function text(source: string, variables: Variables): string {
  let out = ''
  for (let at = 0; at < source.length; ) {
    if (source[at] !== '$') {
      out += source[at++]
      continue
    }
    const plain = /^\$([A-Za-z_]\w*)/.exec(source.slice(at))
    if (source[at + 1] === '{') {
      const end = closing(source, at + 2)
      out += expand(source.slice(at + 2, end), variables)
      at = end + 1
    } else if (plain !== null) {
      out += variables[plain[1] as string] ?? ''
      at += plain[0].length
    } else {
      out += '$' // `$$` is one dollar
      at += source[at + 1] === '$' ? 2 : 1
    }
  }
  return out
}

function closing(source: string, from: number): number {
  let depth = 1
  for (let at = from; at < source.length; at++) {
    if (source.startsWith('${', at)) depth++
    if (source[at] === '}' && --depth === 0) return at
  }
  throw new RangeError(`A variable in the compose file has no closing brace: ${source.slice(0, 80)}`)
}

function expand(inner: string, variables: Variables): string {
  const [, name = '', colon, operator, rest = ''] = /^([A-Za-z_]\w*)(?:(:?)([-?+])([\s\S]*))?$/.exec(inner) ?? []
  if (name === '') throw new RangeError(`The compose file has a variable that cannot be read: ${inner.slice(0, 80)}`)
  const value = variables[name]
  const isSet = value !== undefined && !(colon === ':' && value === '')
  if (operator === '+') return isSet ? text(rest, variables) : ''
  if (isSet || operator === undefined) return value ?? ''
  if (operator === '?') throw new RangeError(`The compose file needs ${name}: ${rest}`)
  return text(rest, variables)
}
