// What a server is: data and pure functions. Everything that touches the world is in its worker.
import type { Capability, Cost, FlowOf, Label, Policies, Principal, ToolDefinition } from '@hardened-mcp/security-core'
import type { z } from 'zod'
import type { Place } from './alerts/open-alerts.ts'
import type { Placing } from './sandbox/placement.ts'

/** One command-line grant, such as `--db FILE`. Giving it is the operator's decision; without it nothing is granted. */
export type FlagSpec = Readonly<{ value: string; help: string; multiple: boolean }>

/** The process that holds authority. */
export type WorkerSpec<Resources> = Readonly<{
  /** The server's `worker.ts`. */
  entry: URL
  /** How many are kept ready. One call occupies one worker. */
  count: number
  /** Private resident memory in MiB at which a worker is ended. */
  memoryMb: number
  /** Says which worker suits an operation, and how many of its kind may run at once. Any worker when left out. */
  placing?(resources: Resources): (operation: never) => Placing
  /** Native addons: a second fence less, so only where the driver needs one. */
  addons: boolean
  /** The worker dials out. Anything but `true`: in a sandbox it has no network. */
  network?: boolean
  /** Absolute paths the worker process may read or write, beside its own code. */
  fsRead(resources: Resources): readonly string[]
  fsWrite(resources: Resources): readonly string[]
  /** Directories that are writable in a mount namespace of its own; by which paths the process may write there is `fsWrite`'s. */
  mounts?(resources: Resources): readonly string[]
}>

/** What an MCP resource shows to a client that lists resources. */
export type ResourceFacts = Readonly<{ name: string; description: string; mimeType: string }>

/** A listed resource, and who may know that it is there; without `shownTo`, everybody who may call its tool. */
export type Listed<Facts> = Facts &
  Readonly<{ shownTo?: (caller: Pick<Principal, 'id' | 'tenant' | 'roles'>) => boolean }>

/** Arguments for the tool that a resource stands for. Untrusted: the tool's own schema and policies judge them. */
export type ResourceCall = Readonly<{ tool: string; arguments: Readonly<Record<string, unknown>> }>

/**
 * MCP resources: other names for calls of this server's tools, so that nothing can be read as a resource that a tool
 * call would refuse. `resolve` gets the client's URI as it is and answers `undefined` for one that is not of this server.
 * With `textField`, the resource is that field of the answer; without it, the whole answer as JSON.
 */
export type ResourceViews = Readonly<{
  listed: readonly Listed<ResourceFacts & Readonly<{ uri: string }>>[]
  templates: readonly Listed<ResourceFacts & Readonly<{ uriTemplate: string }>>[]
  textField?: string
  resolve(uri: string): ResourceCall | undefined
  /** The call whose answer is another one once the resource has changed. Left out where nothing changes. */
  describe?(uri: string): ResourceCall | undefined
}>

/** A place as the policy names it. `into`: something can be written or sent there. */
export type PlaceFacts = Readonly<{ name: string; label: Label; into: boolean }>

export interface ServerDefinition<Resources = unknown, Operation extends object = object> {
  readonly name: string
  readonly title: string
  readonly version: string
  /** Shown to the model when a client connects. */
  readonly instructions: string
  /** Strict schema of what the operator grants: the server's part of the policy file, or what `fromFlags` built. */
  readonly resources: z.ZodType<Resources>
  readonly flags: Readonly<Record<string, FlagSpec>>
  /** Turns flag values into input of `resources`. Throws `RangeError` with one clear line on a bad value. */
  fromFlags(values: Readonly<Record<string, readonly string[]>>): unknown
  /** Capabilities that granting these resources on the command line implies. Empty resources imply none. */
  grants(resources: Resources): readonly Capability[]
  tools(resources: Resources): readonly ToolDefinition<unknown, Operation>[]
  policies(resources: Resources): Policies<Operation>
  /** Where an operation reads and writes, when that depends on more than its tool: see `FlowOf`. */
  flow?(resources: Resources): FlowOf<Operation>
  /** Every place that these resources open. */
  places(resources: Resources): readonly PlaceFacts[]
  views?(resources: Resources): ResourceViews
  /** True where a client may narrow what it can reach by the roots it has; they are then an argument of `plan`. */
  clientRoots?(resources: Resources): boolean
  /** Bounds the time that one tenant may hold workers, over all of its calls. */
  work?(resources: Resources): WorkLimit<Operation>
  /** What an operation touches, in the words of the policy: for alerts and canaries. */
  touches?(resources: Resources): (operation: Operation) => readonly Place[]
  /** The most that an operation may use of the budgets of rows, bytes sent out and hosts. Nothing when left out. */
  cost?(operation: Operation): Cost
  readonly worker: WorkerSpec<Resources>
}

export type WorkLimit<Operation extends object> = Readonly<{
  secondsPerMinute: number
  /** The tenant whose work this is. */
  payer(operation: Operation): string
}>

/** Infers the types and freezes the page. */
export const defineServer = <Resources, Operation extends object>(
  definition: ServerDefinition<Resources, Operation>,
): ServerDefinition<Resources, Operation> => Object.freeze(definition)
