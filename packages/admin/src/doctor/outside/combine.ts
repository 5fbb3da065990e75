// The look from inside each server, together with the look from outside: what gVisor hides in there, Docker and the host show out here.
import type { Finding } from '../checks.ts'
import type { OutsideFinding } from './rule.ts'

// What is hidden inside, and the lines outside that prove it: set for that container, and in force on the host.
const PROVED_BY: Readonly<Record<string, readonly string[]>> = {
  no_new_privileges: ['no_new_privileges'],
  limit_memory: ['limit_memory', 'limits_in_force'],
  limit_swap: ['limit_swap', 'limits_in_force'],
  limit_pids: ['limit_pids', 'limits_in_force'],
  limit_cpu: ['limit_cpu', 'limits_in_force'],
}

/** A line that is unknown inside is proved when every line outside that speaks of the same holds for that service. A bad one stays bad. */
export const combine = (
  service: string,
  inside: readonly Finding[],
  outside: readonly OutsideFinding[],
): readonly Finding[] =>
  inside.map((finding) => {
    const proofs = PROVED_BY[finding.id]?.map((wanted) => outside.find(({ id }) => id === wanted)) ?? []
    const proved =
      finding.verdict === 'unknown' &&
      proofs.length > 0 &&
      proofs.every(
        (proof) =>
          proof !== undefined &&
          (proof.verdict === 'ok' || (proof.services.length > 0 && !proof.services.includes(service))),
      )
    return proved ? { ...finding, verdict: 'ok', checked: `${finding.checked}: seen from outside` } : finding
  })
