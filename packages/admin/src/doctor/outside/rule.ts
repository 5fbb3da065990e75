// What a rule about a deployment is, and how the rules are asked.
import type { Finding } from '../checks.ts'
import type { Deployment, Role, Service } from './deployment.ts'

/** What is wrong, for the operator. `unseen`: this could not be judged, which is no yes. */
export type Fault = string | Readonly<{ unseen: string }>
type Faults = readonly Readonly<{ service: string; fault: Fault }>[]

/** `checked` says what was looked at when nothing is wrong. `broken` names the services a finding is about. */
export type Rule = Readonly<{ id: string; checked: string; mend: string; broken(deployment: Deployment): Faults }>
export type OutsideFinding = Finding & Readonly<{ services: readonly string[] }>

/** The servers and the proxy: what gVisor stands around. */
export const WALLED: readonly Role[] = ['server', 'proxy']
export const SERVERS: readonly Role[] = ['server']
export const EVERYONE: readonly Role[] = ['server', 'proxy', 'gateway', 'other']

/** A rule that looks at one service at a time; `look` returns `undefined` when nothing is wrong. */
export const serviceRule = (
  rule: Readonly<{
    id: string
    checked: string
    mend: string
    of: readonly Role[]
    look(service: Service, deployment: Deployment): Fault | undefined
  }>,
): Rule => ({
  id: rule.id,
  checked: rule.checked,
  mend: rule.mend,
  broken: (deployment) =>
    deployment.services
      .filter(({ role }) => rule.of.includes(role))
      .flatMap((service) => {
        const fault = rule.look(service, deployment)
        return fault === undefined ? [] : [{ service: service.name, fault }]
      }),
})

/** One finding for each rule, in a fixed order. */
export const judgeDeployment = (deployment: Deployment, rules: readonly Rule[]): readonly OutsideFinding[] =>
  rules.map(({ id, checked, mend, broken }) => {
    const faults = broken(deployment)
    const says = faults.map(({ service, fault }) => `${service}: ${typeof fault === 'string' ? fault : fault.unseen}`)
    const bad = faults.some(({ fault }) => typeof fault === 'string')
    return {
      id,
      verdict: bad ? 'bad' : faults.length > 0 ? 'unknown' : 'ok',
      checked: faults.length > 0 ? says.join('; ') : checked,
      mend,
      services: [...new Set(faults.map(({ service }) => service))],
    }
  })
