// Why a path is refused: one table, each rule with the sentence the caller may read and the code it goes by.
import { Denial, type DenialCode } from '@hardened-mcp/security-core/worker'

// One text for everything that is not below a root, whether it exists or not: the answer must not map the host.
const OUTSIDE = 'This path is not inside the allowed directories; list_allowed_directories names them'

export const PATH_RULES = {
  outside: { code: 'path_denied', says: OUTSIDE },
  dotdot: { code: 'path_denied', says: OUTSIDE },
  malformed: { code: 'path_denied', says: 'A path must be at most 4096 bytes of text without control characters' },
  secret: { code: 'path_denied', says: 'Files of this name may hold secrets and are never opened' },
  symlink: { code: 'path_denied', says: 'This path leads through a symbolic link, which is not followed' },
  hard_link: { code: 'path_denied', says: 'This file has a second name (hard link), which may be outside' },
  mount: { code: 'path_denied', says: 'This path leads to another file system, which is not followed' },
  special: { code: 'path_denied', says: 'This is a device, pipe or socket, which is never opened' },
  read_only: { code: 'path_denied', says: 'This directory is granted for reading only' },
  extension: { code: 'path_denied', says: 'Files with this extension may not be written here' },
  protected: { code: 'path_denied', says: 'The store of a version control system is not changed' },
  permission: { code: 'path_denied', says: 'The operating system does not allow this process to open this path' },
  other_root: { code: 'invalid_input', says: 'Both paths must lie in the same allowed directory' },
  into_itself: { code: 'invalid_input', says: 'A directory cannot be moved to itself or into itself' },
  root: { code: 'invalid_input', says: 'This is an allowed directory itself; name something in it' },
  not_empty: { code: 'invalid_input', says: 'This directory is not empty' },
  exists: { code: 'conflict', says: 'This name is taken already; nothing was changed' },
  missing: { code: 'not_found', says: 'There is no such file or directory' },
  no_parent: { code: 'not_found', says: 'A directory on this path does not exist; create_directory makes it' },
  not_file: { code: 'invalid_input', says: 'This path is a directory; use list_directory' },
  not_directory: { code: 'invalid_input', says: 'This path is not a directory; use read_text_file or get_file_info' },
} as const satisfies Record<string, { code: DenialCode; says: string }>

export type PathRule = keyof typeof PATH_RULES

/** The refusal of one rule. `reason` goes to the audit trail alone. */
export const pathDenial = (rule: PathRule, reason: string) =>
  new Denial(PATH_RULES[rule].code, `${rule}: ${reason}`, { says: PATH_RULES[rule].says })
