import { readFileSync } from 'node:fs'

/** Bytes of memory that these processes hold (resident set); undefined where the system does not tell. */
export function residentBytes(pids: readonly number[]): number | undefined {
  let bytes = 0
  for (const pid of pids) {
    try {
      const kibibytes = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]
      if (kibibytes === undefined) return undefined
      bytes += Number(kibibytes) * 1_024
    } catch {
      return undefined
    }
  }
  return bytes
}
