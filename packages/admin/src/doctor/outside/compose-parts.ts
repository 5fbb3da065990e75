// The parts of a compose file that can be written in more than one way: networks, mounts, ports, limits, words and pairs.
import { resolve } from 'node:path'
import { type Mount, type Network, rangeOf, type Service } from './deployment.ts'
import { type Fields, itemsOf, partOf, textOf, textsOf } from './fields.ts'

export function networkOf(name: string, part: Fields): Network {
  const options = partOf(part['driver_opts'])
  return {
    name,
    internal: part['internal'] === true,
    driver:
      part['external'] !== undefined && part['external'] !== false ? 'external' : textOf(part['driver'], 'bridge'),
    bridge: textOf(options['com.docker.network.bridge.name']),
    ipv6: part['enable_ipv6'] === true,
    ...rangeOf(itemsOf(partOf(part['ipam'])['config']).map(partOf), 'ip_range'),
  }
}

export function mountOf(item: unknown, folder: string): Mount {
  if (typeof item === 'string') {
    const [source = '', target = source, flags = ''] = item.split(':')
    const isPath = /^[./~]/.test(source)
    return {
      type: isPath ? 'bind' : 'volume',
      source: isPath ? resolve(folder, source) : source,
      target,
      readOnly: flags.split(',').includes('ro'),
    }
  }
  const part = partOf(item)
  const type = textOf(part['type'], 'volume')
  const source = textOf(part['source'])
  const propagation = partOf(part['bind'])['propagation']
  return {
    type,
    source: type === 'bind' ? resolve(folder, source) : source,
    target: textOf(part['target']),
    readOnly: part['read_only'] === true,
    ...(propagation === undefined ? {} : { propagation: textOf(propagation) }),
  }
}

// ADDRESS:PUBLISHED:TARGET, PUBLISHED:TARGET, TARGET, or the long form. Without an address it is every address.
export function portOf(item: unknown): Service['ports'][number] {
  if (typeof item === 'object' && item !== null) {
    const part = partOf(item)
    return { address: textOf(part['host_ip']), port: textOf(part['published']) }
  }
  const [, bracketed, rest = ''] = /^(?:\[([^\]]*)\]:)?([^/]*)/.exec(textOf(item)) ?? []
  const parts = rest.split(':')
  if (bracketed !== undefined) return { address: bracketed, port: parts[0] ?? '' }
  return parts.length > 2
    ? { address: parts[0] ?? '', port: parts[1] ?? '' }
    : { address: '', port: parts.length > 1 ? (parts[0] ?? '') : '' }
}

export function networksOf(value: unknown): Service['networks'] {
  if (Array.isArray(value)) return Object.fromEntries(value.map((name) => [String(name), undefined]))
  return Object.fromEntries(
    Object.entries(partOf(value)).map(([name, part]) => {
      const address = partOf(part)['ipv4_address']
      return [name, address === undefined ? undefined : textOf(address)]
    }),
  )
}

export function tmpfsOf(entry: string): Service['tmpfs'][number] {
  const [target = '', options = ''] = entry.split(':')
  return { target, options: options.split(',').filter(Boolean) }
}

export function hardLimit(part: Fields, name: string): number | undefined {
  const limit = partOf(part['ulimits'])[name]
  if (limit === undefined) return undefined
  return Number(typeof limit === 'object' ? partOf(limit)['hard'] : limit)
}

export const wordsOf = (value: unknown) =>
  typeof value === 'string' ? value.split(/\s+/).filter(Boolean) : textsOf(value)
export const pairsOf = (value: unknown) =>
  Array.isArray(value) ? textsOf(value) : Object.entries(partOf(value)).map(([key, item]) => `${key}=${textOf(item)}`)
