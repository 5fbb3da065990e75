// Releases with known holes, as of 2026-11: the first sound release of each branch, and what is open below it.

type Tool = 'node' | 'gvisor' | 'runc' | 'docker'
export type Hole = Readonly<{
  tool: Tool
  /** First sound releases; the last one begins the first branch that never had the hole. */
  fixedIn: readonly string[]
  /** How many numbers make a branch. */
  branch: 0 | 1 | 2
  cves: readonly string[]
  because: string
  /** A rule about the deployment that closes it whatever the release is. */
  closedBy?: string
}>

export const HOLES: readonly Hole[] = [
  { tool: 'node', fixedIn: ['24.17.0', '26.3.1'], branch: 1, cves: ['CVE-2026-48618', 'CVE-2026-48617'], because: 'TLS host names with odd dots; ways past the permission model' },
  { tool: 'gvisor', fixedIn: ['20250401'], branch: 0, cves: [], because: 'maps code from noexec mounts, and hangs on systrap when the memory of a container runs out; Debian 12 (2022) and its backports (2024-07) have older ones, get runsc from gvisor.dev' },
  { tool: 'runc', fixedIn: ['1.1.12'], branch: 2, cves: ['CVE-2024-21626'], because: 'a leaked descriptor leads to the file system of the host' },
  { tool: 'runc', fixedIn: ['1.2.8', '1.3.3', '1.4.0'], branch: 2, cves: ['CVE-2025-31133', 'CVE-2025-52565', 'CVE-2025-52881'], because: 'masked paths and the console can be redirected while a container starts' },
  { tool: 'docker', fixedIn: ['23.0.15', '25.0.6', '26.1.5', '27.1.1'], branch: 1, cves: ['CVE-2024-41110'], because: 'authorization plugins can be gone past' },
  { tool: 'docker', fixedIn: ['23.0.11', '25.0.5', '26.0.0'], branch: 1, cves: ['CVE-2024-29018'], because: "Docker's resolver answers through internal networks", closedBy: 'no_resolver' },
] // biome-ignore format: a table

/**
 * Holes that are open in this release. A distribution keeps the number and mends the package: what its changelog names is closed.
 * `undefined` when the version cannot be read.
 */
export function openHoles(tool: Tool, version: string, mended: ReadonlySet<string>): readonly Hole[] | undefined {
  const numbers = numbersOf(version)
  if (numbers === undefined) return undefined
  return HOLES.filter(
    (hole) =>
      hole.tool === tool &&
      !(hole.cves.length > 0 && hole.cves.every((cve) => mended.has(cve))) &&
      !isSound(numbers, hole),
  )
}

function isSound(numbers: readonly number[], { fixedIn, branch }: Hole): boolean {
  const fixes = fixedIn.map((text) => numbersOf(text) ?? [])
  const last = fixes.at(-1) ?? []
  const sameBranch = fixes.filter((fix) => branch > 0 && fix.slice(0, branch).every((part, at) => part === numbers[at]))
  return [last, ...sameBranch].some((fix) => compare(numbers, fix) >= 0)
}

// `release-20250407.0` and `0.0~20240729.0` are gVisor's dates; everything else is numbers and dots at the front.
function numbersOf(version: string): readonly number[] | undefined {
  const date = /(?:^|release-|~)(20\d{6})(?:\.|$)/.exec(version)?.[1]
  const text = date ?? /^v?(\d+(?:\.\d+){1,2})/.exec(version)?.[1]
  return text?.split('.').map(Number)
}

function compare(one: readonly number[], other: readonly number[]): number {
  const at = other.findIndex((part, index) => (one[index] ?? 0) !== part)
  return at < 0 ? 0 : (one[at] ?? 0) - (other[at] as number)
}
