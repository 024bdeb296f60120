import { describe, expect, it } from 'vitest'
import { cases } from '../../ports/key-value/conformance/cases.ts'
import type { KeyValueStore, Stored } from '../../ports/key-value/key-value-store.ts'
import { ManualClock } from '../../ports/key-value/reference/manual-clock.ts'
import { ReferenceModel } from '../../ports/key-value/reference/reference-model.ts'
import { ReferenceStore } from '../../ports/key-value/reference/reference-store.ts'
import { checkObservedHistory } from './check-observed-history.ts'

const observing = cases.find(({ name }) => name === 'what concurrent clients see could come from one copy')!

const runOver = (open: (model: ReferenceModel) => KeyValueStore): Promise<void> => {
  const clock = new ManualClock()
  const model = new ReferenceModel(clock)
  return observing.run({
    open: async () => open(model),
    prefix: 'case/',
    clock: { nowMs: () => clock.nowMs(), sleep: (ms) => clock.advance(ms) },
    checkHistory: checkObservedHistory,
  })
}

/** Answers a read with what it read last time. */
class ReadsOneLate extends ReferenceStore {
  readonly #last = new Map<string, Stored>()
  override async get(key: Uint8Array): Promise<Stored> {
    const stored = await super.get(key)
    const last = this.#last.get(key.join()) ?? stored
    this.#last.set(key.join(), stored)
    return last
  }
}

describe('what the concurrent clients of a conformance case saw', () => {
  it('is linearizable on the reference model', async () => {
    await runOver((model) => new ReferenceStore(model))
  })

  it('is convicted when reads are late', async () => {
    await expect(runOver((model) => new ReadsOneLate(model))).rejects.toThrow(/There is no place/)
  })
})
