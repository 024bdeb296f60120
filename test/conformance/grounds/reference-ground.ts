import { cases } from '../../../src/ports/key-value/conformance/cases.ts'
import { runCases } from '../../../src/ports/key-value/conformance/run-cases.ts'
import { ManualClock } from '../../../src/ports/key-value/reference/manual-clock.ts'
import { ReferenceModel } from '../../../src/ports/key-value/reference/reference-model.ts'
import { ReferenceStore } from '../../../src/ports/key-value/reference/reference-store.ts'
import { checkObservedHistory } from '../../../src/proof/conformance/check-observed-history.ts'
import type { Ground } from './ground.ts'

/** The model, whose time passes when a case waits; one case at a time, so that each has its own waiting. */
export async function referenceGround(): Promise<Ground> {
  const time = new ManualClock()
  const model = new ReferenceModel(time)
  return {
    engine: 'reference',
    guarantees: new ReferenceStore(model).guarantees,
    description: 'the model in memory that says what the port means',
    run: (options) =>
      runCases(
        cases,
        {
          open: async () => new ReferenceStore(model),
          prefix: 'conformance/',
          clock: { nowMs: () => time.nowMs(), sleep: (ms) => time.advance(ms) },
          abandon: async (store) => (store as ReferenceStore).abandon(),
          disturb: () => time.advance(3_000),
          checkHistory: checkObservedHistory,
        },
        { ...options, concurrency: 1 },
      ),
    close: async () => {},
  }
}
