import { setTimeout as pause } from 'node:timers/promises'
import type { ConformanceClock } from '../../../src/ports/key-value/conformance/conformance-case.ts'
import type { CaseResult, RunOptions } from '../../../src/ports/key-value/conformance/run-cases.ts'
import type { Guarantees } from '../../../src/ports/key-value/guarantees.ts'

/** An engine somewhere, with all that the cases may do to it. */
export interface Ground {
  readonly engine: string
  readonly guarantees: Guarantees
  /** What is run here, for people. */
  readonly description: string
  run(options?: RunOptions): Promise<readonly CaseResult[]>
  close(): Promise<void>
}

export const realClock: ConformanceClock = {
  nowMs: () => performance.now(),
  sleep: (ms) => pause(ms),
}
