// Copies what one server's image needs: the files reachable from its entry points, their package.json, and a bill of materials.
// Run in the build stage: node --experimental-import-meta-resolve deploy/image/trace.ts <server> <out>
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, extname, join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { withoutTypes } from './without-types.ts'

const root = join(import.meta.dirname, '../..')
const [server = '', out = ''] = process.argv.slice(2)
const isServer = existsSync(join(root, 'servers', server, 'server.ts'))
if (!(isServer || server === 'egress-proxy') || out === '') throw new RangeError('Usage: trace.ts <server> <out>')

// What no import statement names: the command, the front that the supervisor spawns, the page it loads, the worker.
const ENTRIES = isServer
  ? [
      'packages/admin/bin/hardened-mcp.js',
      'packages/host/src/front.ts',
      `servers/${server}/server.ts`,
      `servers/${server}/worker.ts`,
    ]
  : [`deploy/${server}/main.ts`]
const CODE = new Set(['.ts', '.js', '.mjs', '.cjs'])
// A superset on purpose: every quoted word after from, import or require. What does not resolve was a word in a comment.
const NAMED = /(\bfrom|\bimport|\brequire)\s*\(?\s*(['"`])([^'"`\n]+)\2/g
const OTHER_PLATFORM = /(?:darwin|win32|linuxmusl)-|linux-(?:x64|arm64)\.(?:js|node)$/
const THIS_PLATFORM = `linux-${process.arch}.`

const seen = new Set<string>()
const queue = ENTRIES.map((path) => join(root, path))
for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
  if (seen.has(file)) continue
  seen.add(file)
  if (CODE.has(extname(file))) queue.push(...importsOf(file))
}
if ([...seen].some((file) => file.includes('/better-sqlite3/')))
  seen.add(join(root, `node_modules/better-sqlite3/prebuilds/linux-${process.arch}.node`)) // found by name at run time

const packages = new Map<string, { name: string; version: string }>()
for (const file of [...seen]) seen.add(packageFileOf(file))
for (const file of [...seen].sort()) copy(file)
for (const { name } of packages.values()) link(name)
writeFileSync(join(out, 'sbom.cdx.json'), `${JSON.stringify(billOfMaterials(), null, 1)}\n`)
timeZone()
settle(out)
process.stdout.write(`${server}: ${seen.size} files of ${packages.size} packages\n`)

function importsOf(file: string): string[] {
  const found: string[] = []
  for (const [, how, , name = ''] of readFileSync(file, 'utf8').matchAll(NAMED)) {
    if (name.startsWith('node:')) continue
    const path = how === 'require' ? cjs(name, file) : esm(name, file)
    if (path === undefined && name.startsWith('.') && !file.includes('/node_modules/'))
      throw new RangeError(`${relative(root, file)} imports ${name}, which is not there`)
    if (path !== undefined && (!OTHER_PLATFORM.test(path) || path.includes(THIS_PLATFORM))) found.push(path)
  }
  return found
}

function esm(name: string, file: string): string | undefined {
  try {
    const url = import.meta.resolve(name, pathToFileURL(file).href)
    return url.startsWith('file:') ? present(fileURLToPath(url)) : undefined
  } catch {
    return undefined
  }
}

function cjs(name: string, file: string): string | undefined {
  try {
    return present(createRequire(file).resolve(name))
  } catch {
    return undefined
  }
}

// Symlinks of workspaces are followed: their files are copied where they are, and the link is made again below.
function present(path: string): string | undefined {
  return existsSync(path) && lstatSync(realpathSync(path)).isFile() ? realpathSync(path) : undefined
}

function packageFileOf(file: string): string {
  let dir = dirname(file)
  while (true) {
    const path = join(dir, 'package.json')
    if (existsSync(path)) {
      const { name, version } = JSON.parse(readFileSync(path, 'utf8')) as { name?: string; version?: string }
      if (version !== undefined && name !== undefined) packages.set(path, { name, version })
      if (version !== undefined || dir === root) return path // dist/cjs/package.json has a type and no version
      seen.add(path)
    }
    dir = dirname(dir)
  }
}

function copy(file: string): void {
  const place = relative(root, file)
  const own = place.includes('node_modules/') ? undefined : withoutTypes(place, readFileSync(file, 'utf8'))
  const target = join(out, 'app', own?.path ?? place)
  mkdirSync(dirname(target), { recursive: true })
  if (own === undefined) cpSync(file, target)
  else writeFileSync(target, own.text)
}

function link(name: string): void {
  const from = join(root, 'node_modules', name)
  if (!existsSync(from) || !lstatSync(from).isSymbolicLink()) return
  const target = join(out, 'app/node_modules', name)
  mkdirSync(dirname(target), { recursive: true })
  symlinkSync(relative(dirname(target), join(out, 'app', relative(root, realpathSync(from)))), target)
}

// CycloneDX 1.6, the packages of this image and nothing else.
function billOfMaterials() {
  const components = [...packages.values()]
    .map(({ name, version }) => ({
      type: 'library',
      name,
      version,
      purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
    }))
    .sort((a, b) => (a.purl < b.purl ? -1 : 1))
  const runtime = { type: 'platform', name: 'node', version: process.versions.node }
  return { bomFormat: 'CycloneDX', specVersion: '1.6', version: 1, components: [runtime, ...components] }
}

// The processes get no environment: without this link, ICU searches the whole zone database at the start of each.
function timeZone(): void {
  mkdirSync(join(out, 'etc'), { recursive: true })
  symlinkSync('/usr/share/zoneinfo/Etc/UTC', join(out, 'etc/localtime'))
}

// Same times and modes everywhere: the layer's digest then depends on content alone, and nobody but root may write.
function settle(path: string): void {
  const facts = lstatSync(path)
  if (facts.isDirectory()) for (const name of readdirSync(path)) settle(join(path, name))
  if (!facts.isSymbolicLink()) chmodSync(path, facts.isDirectory() ? 0o755 : 0o644)
  lutimesSync(path, 0, 0)
}
