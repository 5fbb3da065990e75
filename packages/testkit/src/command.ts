// Runs the real `hardened-mcp` command as a child process, for end-to-end tests and the demo.
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'

export const COMMAND = join(import.meta.dirname, '../../admin/bin/hardened-mcp.js')

/** What stands after `serve`; MCP_SANDBOX=bwrap puts the servers of every suite behind that wall. */
export const serveLine = (args: readonly string[]): readonly string[] => {
  const mode = process.env['MCP_SANDBOX']
  return [COMMAND, 'serve', ...args, ...(mode === undefined || args.includes('--sandbox') ? [] : ['--sandbox', mode])]
}

export type Finished = Readonly<{ code: number | null; stdout: string; stderr: string }>

/** Runs one command to its end. */
export function command(args: readonly string[], options: { input?: string } = {}): Promise<Finished> {
  const child = spawn(process.execPath, [COMMAND, ...args], { stdio: 'pipe' })
  child.stdin.end(options.input ?? '')
  return finished(child)
}

export type RunningServer = Readonly<{
  url: string
  pid: number
  stderr(): string
  /** Sends the signal (SIGTERM if none is given) and resolves when the process is gone. */
  stop(signal?: NodeJS.Signals): Promise<Finished>
}>

/**
 * Starts `serve … --http` and resolves when it says that it serves; rejects with its stderr when it ends before. `under` is a
 * program with arguments that runs what stands behind them, in place of itself.
 */
export function serveOverHttp(args: readonly string[], under: readonly string[] = []): Promise<RunningServer> {
  const [file, ...rest] = [...under, process.execPath, ...serveLine(args)]
  const child = spawn(file as string, rest, { stdio: ['ignore', 'pipe', 'pipe'] })
  const end = finished(child)
  let stderr = ''
  return new Promise((resolve, reject) => {
    child.stderr.on('data', (chunk) => {
      stderr += String(chunk)
      const url = / serves (https?:\S+)/.exec(stderr)?.[1]
      if (url === undefined) return
      resolve({
        url,
        pid: child.pid as number,
        stderr: () => stderr,
        stop: (signal = 'SIGTERM') => {
          child.kill(signal)
          return end
        },
      })
    })
    end.then(({ code }) => reject(new Error(`The server ended with ${code} before it served: ${stderr}`)), reject)
  })
}

function finished(child: ChildProcess): Promise<Finished> {
  const text = { stdout: '', stderr: '' }
  child.stdout?.on('data', (chunk) => {
    text.stdout += String(chunk)
  })
  child.stderr?.on('data', (chunk) => {
    text.stderr += String(chunk)
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, ...text }))
  })
}
