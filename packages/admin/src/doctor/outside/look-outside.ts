// The look from outside: the compose file, what Docker runs, the machine around it, and each server from inside, as one list.
import type { Finding } from '../checks.ts'
import { combine } from './combine.ts'
import { readCompose } from './compose-file.ts'
import { viewDocker } from './docker-view.ts'
import { judgeHost } from './host-checks.ts'
import { gatherHost } from './host-facts.ts'
import { insideOf } from './inside-view.ts'
import { judgeDeployment } from './rule.ts'
import { RULES } from './rules.ts'

/** `view`: `compose`, `docker`, `host`, or the name of the server that was asked from inside. */
export type Viewed = Finding & Readonly<{ view: string }>
/** `compose`: path of a file. `project`: the compose project whose containers are looked at. `reviewed`: an ISO date. */
export type Outside = Readonly<{ compose?: string; project?: string; reviewed?: string }>

/** Throws `RangeError` with one line when the file cannot be read or Docker is out of reach. */
export async function lookOutside({ compose, project, reviewed }: Outside): Promise<readonly Viewed[]> {
  const seenBy = (view: string, findings: readonly Finding[]) =>
    findings.map(({ id, verdict, checked, mend }) => ({ view, id, verdict, checked, mend }))
  const file = compose === undefined ? [] : seenBy('compose', judgeDeployment(readCompose(compose, process.env), RULES))
  if (project === undefined) return file
  const docker = viewDocker(project)
  const host = await gatherHost(docker, reviewed)
  const outside = [...judgeDeployment(docker.deployment, RULES), ...judgeHost(host, docker.deployment)]
  const inside = docker.containers.flatMap(({ id, service: name }) => {
    const service = docker.deployment.services.find((one) => one.name === name && one.role === 'server')
    return service === undefined ? [] : seenBy(`in ${name}`, combine(name, insideOf(id, service), outside))
  })
  return [
    ...file,
    ...seenBy('docker', outside.slice(0, RULES.length)),
    ...seenBy('host', outside.slice(RULES.length)),
    ...inside,
  ]
}
