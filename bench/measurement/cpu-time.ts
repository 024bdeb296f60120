import { readFileSync } from 'node:fs'

/** Linux reports the times of `/proc/PID/stat` in hundredths of a second on every machine that Node runs on. */
const TICK_MS = 10

/**
 * CPU time, user and system, that these processes have used so far, in milliseconds. Undefined where the system does
 * not tell (no `/proc`) or when one of them is gone.
 */
export function cpuTimeMs(pids: readonly number[]): number | undefined {
  let ticks = 0
  for (const pid of pids) {
    const used = ticksOf(pid)
    if (used === undefined) return undefined
    ticks += used
  }
  return ticks * TICK_MS
}

function ticksOf(pid: number): number | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch {
    return undefined
  }
  // The second field is the program's name in parentheses and may hold spaces; utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11]) + Number(fields[12])
}
