// `hardened-mcp audit`: picks the verb.
import { exportTrail } from './audit/export.ts'
import { prune, review } from './audit/keep.ts'
import { hash, query } from './audit/query.ts'
import { report } from './audit/report.ts'
import { init, verify } from './audit/verify.ts'
import { type Command, UsageError } from './command.ts'

const VERBS: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  init,
  verify,
  report,
  query,
  hash,
  export: exportTrail,
  review,
  prune,
}

export const audit: Command = {
  usage: `hardened-mcp audit init DIR
hardened-mcp audit verify DIR [--key LINE] [--anchor SLOT:SEQ:HASH]... [--anchors FILE]
hardened-mcp audit report DIR [--since DATE] [--until DATE] [--json | --html FILE]
hardened-mcp audit query DIR [--tool T] [--caller C] [--tenant T] [--type T] [--rule R] [--call_id ID] [--since D] [--until D] [--limit N]
hardened-mcp audit hash DIR [--tenant T] [--file FILE]
hardened-mcp audit export DIR --format ocsf|ecs|otel [--since DATE]
hardened-mcp audit review DIR [--by NAME] [--note TEXT]
hardened-mcp audit prune DIR --before DATE [--by NAME] [--dry-run]`,
  help: `  init     Makes the directory and its keys; prints the verifier key of its log. A server does the same at its first start
  verify   Prints one line of JSON for each trail
  report   Calls, refusals, latency and alerts per tool, caller and tenant, what is new, and the verdict; --html writes one page for a browser
  query    The records that fit, as they stand in the trail
  hash     Was this value used? Arguments as JSON on standard input; prints their hash and how many records have it
  export   Records for other systems, one line of JSON each
  review   Records that the trail was looked at, by whom and up to which head; where nothing proves its end, that too
  prune    Takes away whole segments older than a date, and records that it did

  --key LINE               The verifier key that init printed; otherwise the one in the directory is believed
  --anchor SLOT:SEQ:HASH   A record that a server logged as audit_head; proves that nothing up to it was rewritten or cut
  --anchors FILE           Log lines with audit_head, or checkpoints as signed notes

Exit code 0: every record is as it was written. 1: a trail was altered. 2: it could not be read.
3: not established: no anchor was given for a trail, or, where none was asked for, the key of its slot is gone.
Without an anchor, records cut off behind the last checkpoint cannot be noticed, nor what somebody with stolen keys made anew.`,
  async run(args) {
    const [verb, ...rest] = args
    const run = verb !== undefined && Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined
    if (run === undefined) throw new UsageError(`audit needs one of ${Object.keys(VERBS).join(', ')}`)
    return run(rest)
  },
}
