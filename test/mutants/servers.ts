// Breaks of the servers' own controls: cursors and row filters of db-query, what the file server refuses to open.
import type { Mutant } from './mutants.ts'

const inside = (server: string, name: string, ...tests: readonly string[]) => ({
  file: `servers/${server}/${name}.ts`,
  tests: (tests.length === 0 ? [name] : tests).map((test) => `servers/${server}/${test}.test.ts`),
})

export const SERVER_MUTANTS: readonly Mutant[] = [
  {
    ...inside('db-query', 'cursor'),
    find: 'if (!timingSafeEqual(bytes.subarray(SKIP_BYTES + DATA_BYTES), macOf(binding, head)))',
    replace: 'if (bytes.length === 0)',
    because: 'anybody can write a cursor',
  },
  {
    ...inside('db-query', 'cursor'),
    find: 'if (!head.subarray(SKIP_BYTES).equals(data.subarray(0, DATA_BYTES)))',
    replace: 'if (head.length === 0)',
    because: 'a page of other data follows without a word',
  },
  {
    ...inside('db-query', 'cursor'),
    find: 'JSON.stringify([caller.id, database, sql, params])',
    replace: 'JSON.stringify([database, sql, params])',
    because: "a cursor of the tenant's other caller is taken",
  },
  {
    ...inside('db-query', 'cursor'),
    find: 'cursor 2 ${tenant}',
    replace: 'cursor 2',
    because: 'a cursor of another tenant is taken',
  },
  {
    ...inside('db-query', 'verdicts', 'guard'),
    find: '`${whose} ${sql}`',
    replace: 'sql',
    because: 'the time of an answer says that another tenant has asked this text',
  },
  {
    ...inside('db-query', 'row-filter'),
    find: 'tenant.replaceAll("\'", "\'\'")',
    replace: 'tenant',
    because: 'the name of a tenant is read as SQL',
  },
  {
    ...inside('db-query', 'row-filter'),
    find: "if (depth < 0 || text === ';')",
    replace: "if (text === ';')",
    because: 'a filter closes the parenthesis around it',
  },
  {
    ...inside('db-query', 'policy'),
    find: '  caller.tenant === call.caller.tenant &&\n',
    replace: '',
    because: "an operation runs in another tenant's name",
  },
  {
    ...inside('db-query', 'policy'),
    find: '(roles?.some((role) => own.includes(role)) ?? true)',
    replace: 'true',
    because: 'a database of some roles is there for everybody',
  },
  {
    ...inside('db-query', 'policy'),
    find: '(caller.roles?.every((role) => call.caller.roles?.has(role)) ?? true)',
    replace: 'true',
    because: 'an operation brings roles that its caller does not have',
  },
  {
    ...inside('db-query', 'functions'),
    find: 'return FUNCTIONS.has(name) && !functions.has(name) ? [name] : []',
    replace: 'return []',
    because: 'functions that SQLite writes inline are called though the policy left them out',
  },
  {
    ...inside('file', 'entry-rules'),
    find: "if (!stats.isFile()) return 'special'",
    replace: '',
    because: 'a FIFO or a device is opened',
  },
  {
    ...inside('file', 'entry-rules'),
    find: "return stats.nlink > 1 && root.grant.hard_links === 'refuse' ? 'hard_link' : undefined",
    replace: 'return undefined',
    because: 'an outside file is read by its second name',
  },
  {
    ...inside('file', 'walk'),
    find: "if (!mayFollow) throw pathDenial('symlink', 'a directory on the way is a link')",
    replace: '',
    because: 'a link on the way is followed where the operator refused it',
  },
  {
    ...inside('file', 'write-rules'),
    find: "if (!root.writable) return 'read_only'",
    replace: '',
    because: 'a root that is granted for reading is written',
  },
  {
    ...inside('file', 'writer', 'write'),
    find: 'hashOf(readWhole(root, fd)) !== ifHash',
    replace: 'ifHash === null',
    because: 'a file is replaced by a caller that does not know what is in it',
  },
  {
    ...inside('file', 'narrowing'),
    find: 'return within.some((path) => begins(place, names(path)))',
    replace: 'return place.length > 0',
    because: 'the roots of a client narrow nothing',
  },
  {
    ...inside('file', 'gitignore'),
    find: 'if (entry.stats.size > MAX_BYTES) throw tooLarge(root, directory)',
    replace: '',
    because: 'a .gitignore of any size is taken in part, without a word',
  },
  {
    ...inside('file', 'read-media', 'read-tools'),
    find: "if (mime_type === 'application/octet-stream' && textEncoding(bytes) !== undefined) throw isText()",
    replace: '',
    because: 'text passes the filters of the output as base64',
  },
  {
    ...inside('file', 'order-window', 'read-tools'),
    find: 'rank: isShown ? rankOf(by, kind, stats) : HIDDEN',
    replace: 'rank: stats === undefined ? HIDDEN : rankOf(by, kind, stats)',
    because: 'the order of a listing tells the size of a secret',
  },
]
