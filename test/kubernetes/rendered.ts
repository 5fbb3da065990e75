// The manifests as kubectl renders them, without a cluster.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

export const ROOT = join(import.meta.dirname, '../..')
const KUBECTL = process.env['KUBECTL'] ?? 'kubectl' // Debian: kubernetes-client

/** Renders one overlay. Throws with what kubectl said, or that there is none. */
export const rendered = (overlay: 'production' | 'shared-limits'): string =>
  execFileSync(KUBECTL, ['kustomize', join(ROOT, 'deploy/kubernetes/overlays', overlay)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  })
