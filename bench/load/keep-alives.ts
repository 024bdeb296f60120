import type { ContenderClient, LeaseHandle } from '../contenders/contender.ts'
import { Histogram } from '../measurement/histogram.ts'
import type { KeepAliveLoad, RateResult } from './load.ts'
import { ProcessorTime } from './processor-time.ts'

/** Longer than any run: what is measured is the keeping, not who was too late. */
const TTL_MS = 300_000
const GRANTS_IN_FLIGHT = 64

export async function grantLeases(client: ContenderClient, count: number): Promise<LeaseHandle[]> {
  const leases: LeaseHandle[] = []
  let asked = 0
  const grant = async (): Promise<void> => {
    while (asked++ < count) leases.push(await client.grantLease(TTL_MS))
  }
  await Promise.all(Array.from({ length: GRANTS_IN_FLIGHT }, grant))
  return leases
}

/** A closed loop: each caller keeps the next lease alive when its last one was. */
export async function keepAlive(
  client: ContenderClient,
  leases: readonly LeaseHandle[],
  load: KeepAliveLoad,
  serverPids: readonly number[],
): Promise<RateResult> {
  const waits = new Histogram()
  const measureFromMs = performance.now() + load.warmUpMs
  const measureToMs = measureFromMs + load.measureMs
  let processors: ProcessorTime | undefined
  let next = 0
  const call = async (): Promise<void> => {
    for (let beganMs = performance.now(); beganMs < measureToMs; ) {
      await client.keepAlive(leases[next++ % leases.length]!)
      const nowMs = performance.now()
      if (nowMs >= measureFromMs && nowMs < measureToMs) {
        processors ??= new ProcessorTime(serverPids)
        waits.record(nowMs - beganMs)
      }
      beganMs = nowMs
    }
  }
  await Promise.all(Array.from({ length: load.inFlight }, call))
  const elapsedMs = processors!.elapsedMs
  return {
    count: waits.count,
    perSecond: (waits.count * 1_000) / elapsedMs,
    p50Ms: waits.percentile(50),
    p99Ms: waits.percentile(99),
    ...processors!.cores(),
  }
}
