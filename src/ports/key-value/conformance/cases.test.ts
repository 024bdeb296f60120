import { describe, expect, it } from 'vitest'
import { utf8 } from '../../../foundation/bytes.ts'
import type { KeyValueStore, Stored, StoredRow } from '../key-value-store.ts'
import { ReferenceModel } from '../reference/reference-model.ts'
import { ReferenceStore } from '../reference/reference-store.ts'
import type { Version } from '../version.ts'
import { cases } from './cases.ts'
import type { ConformanceContext, ObservedOperation } from './conformance-case.ts'

/** Runs a case on its own data, among keys of others before and after its own. */
async function contextOver(
  store: (model: ReferenceModel) => KeyValueStore,
  checkHistory?: ConformanceContext['checkHistory'],
): Promise<ConformanceContext> {
  const model = new ReferenceModel()
  const around = new ReferenceStore(model)
  await around.put(utf8('before'), utf8('x'))
  await around.put(utf8('zzz'), utf8('x'))
  return { open: async () => store(model), prefix: 'case/', checkHistory }
}

describe('the reference model', () => {
  it.each(cases.map((each) => [each.name, each] as const))('%s', async (_, { run }) => {
    const histories: (readonly ObservedOperation[])[] = []
    const context = await contextOver(
      (model) => new ReferenceStore(model),
      (history) => histories.push(history),
    )
    await run(context)
    for (const history of histories)
      expect(new Set(history.map(({ outcome }) => outcome)).size).toBeGreaterThan(1)
  })

  it('has cases with different names', () => {
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length)
  })
})

/** Stores with one fault each, of which a case must take notice. */
class StaleReads extends ReferenceStore {
  readonly #seen = new Map<string, Stored>()
  override async get(key: Uint8Array): Promise<Stored> {
    const stored = this.#seen.get(key.join()) ?? (await super.get(key))
    this.#seen.set(key.join(), stored)
    return stored
  }
}
class ForgetsIfVersion extends ReferenceStore {
  override async put(key: Uint8Array, value: Uint8Array) {
    return super.put(key, value)
  }
}
class HalfCommits extends ReferenceStore {
  override async commit(...[transaction, options]: Parameters<ReferenceStore['commit']>) {
    const result = await super.commit(transaction, options)
    if (!result.committed && transaction.operations[0] !== undefined) {
      await super.commit({ operations: [transaction.operations[0]] })
    }
    return result
  }
}
class ForgetsIdempotency extends ReferenceStore {
  override async put(...[key, value, options]: Parameters<ReferenceStore['put']>) {
    const { idempotencyKey: _, ...rest } = options ?? {}
    return super.put(key, value, rest)
  }
}
class MixesPages extends ReferenceStore {
  override async *range(...[range, options]: Parameters<ReferenceStore['range']>) {
    let { from } = range
    for (;;) {
      const page: StoredRow[] = []
      for await (const row of super.range({ ...range, from }, { ...options, limit: 1 })) page.push(row)
      if (page[0] === undefined) return
      yield page[0]
      from = Uint8Array.of(...page[0].key, 0)
    }
  }
}
class SortsAsText extends ReferenceStore {
  override async *range(...[range, options]: Parameters<ReferenceStore['range']>) {
    const rows: StoredRow[] = []
    for await (const row of super.range(range, options)) rows.push(row)
    yield* rows.sort((left, right) => (left.key.join() < right.key.join() ? -1 : 1))
  }
}
class SameVersions extends ReferenceStore {
  override async put(...arguments_: Parameters<ReferenceStore['put']>) {
    await super.put(...arguments_)
    return { version: 1 as Version }
  }
}
class ExistedAlways extends ReferenceStore {
  override async delete(...arguments_: Parameters<ReferenceStore['delete']>) {
    await super.delete(...arguments_)
    return { existed: true }
  }
}
class ServesWhenClosed extends ReferenceStore {
  override async close() {}
}
class IgnoresSignals extends ReferenceStore {
  override async put(key: Uint8Array, value: Uint8Array) {
    return super.put(key, value, { ifVersion: undefined as never })
  }
}

const faulty: readonly [string, new (model: ReferenceModel) => KeyValueStore, string][] = [
  ['reads an old value', StaleReads, 'ifVersion absent means that the key must not exist'],
  ['forgets ifVersion', ForgetsIfVersion, 'a put with ifVersion happens at that version only'],
  ['forgets ifVersion', ForgetsIfVersion, 'concurrent increments by compare-and-set lose nothing'],
  [
    'applies half of a refused commit',
    HalfCommits,
    'a commit of which one comparison fails changes nothing and answers with the versions found',
  ],
  [
    'applies a retry again',
    ForgetsIdempotency,
    'a retry with the same idempotency key happens once and has the same answer',
  ],
  ['reads each page anew', MixesPages, 'the pages of a range are of one snapshot while writes go on'],
  [
    'sorts keys as text',
    SortsAsText,
    'a range gives rows in the order of their bytes, with values and versions',
  ],
  [
    'gives the same version twice',
    SameVersions,
    'versions of a key grow with every write, over a delete too',
  ],
  [
    'says that there was a key',
    ExistedAlways,
    'a deleted key is absent, and delete says whether there was one',
  ],
  ['answers after its close', ServesWhenClosed, 'a closed store refuses every call, and may be closed again'],
  ['does not look at signals', IgnoresSignals, 'a call whose signal fired before it does nothing'],
]

describe('the cases', () => {
  it.each(faulty)('notice a store that %s', async (_, Store, name) => {
    const found = cases.find((each) => each.name === name)
    expect(found).toBeDefined()
    const context = await contextOver((model) => new Store(model))
    await expect(found!.run(context)).rejects.toThrow()
  })
})
