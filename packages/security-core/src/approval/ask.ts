// What a refusal asks for, so that the transport can put the question in its own way. Nothing of it was written by a model.

/** The order is that of the table in `rules.ts`: who said yes, and over which way it came. */
export type Strength = 'elicit' | 'step_up' | 'operator'

export type Ask =
  | Readonly<{ strength: 'elicit' /** Comes back with the answer. */; id: string; text: string }>
  | Readonly<{ strength: 'step_up'; scopes: readonly string[] }>

/** How the person behind the client can be reached, and what the client says that person answered. */
export type Consent = Readonly<{
  canAsk: boolean
  answer?: Readonly<{ id: string; accepted: boolean }>
}>
