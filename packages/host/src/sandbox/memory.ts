// How much memory a process holds for itself alone, from /proc.
import { readFileSync } from 'node:fs'

// Linux: resident and shared are pages; a page is what /proc/self says twice in two units.
const pageBytes = measurePage()

/** Resident bytes not shared with a file (proc_pid_statm(5)). 0 for a process that is gone, and where there is no /proc. */
export function privateBytes(pid: number | undefined): number {
  try {
    const [, resident, shared] = readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ').map(Number)
    return ((resident ?? 0) - (shared ?? 0)) * pageBytes
  } catch {
    return 0
  }
}

function measurePage(): number {
  try {
    const status = readFileSync('/proc/self/status', 'latin1')
    const resident = Number(readFileSync('/proc/self/statm', 'latin1').split(' ')[1])
    const bytes = (Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024) / resident
    return 2 ** Math.round(Math.log2(bytes)) || 4096
  } catch {
    return 4096
  }
}
