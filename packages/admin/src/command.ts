// What a subcommand is.

export type Command = Readonly<{
  /** One line or more: the synopsis. */
  usage: string
  /** The flags, one per line; a function where it takes loading the servers to know them. */
  help: string | (() => Promise<string>)
  /** Throws `UsageError` or `RangeError` with one line on a mistake; resolves with the exit code. */
  run(args: readonly string[]): Promise<number>
}>

/** The command line does not make sense. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
