import { describe, expect, it } from 'vitest'
import { utf8 } from '../../../foundation/bytes.ts'
import type { Cursor } from '../cursor.ts'
import type { Guarantees } from '../guarantees.ts'
import type {
  CallOptions,
  KeyRange,
  KeyValueStore,
  Stored,
  StoredRow,
  WatchOptions,
} from '../key-value-store.ts'
import type { FencingToken, LeaseOptions } from '../lease.ts'
import { ManualClock } from '../reference/manual-clock.ts'
import type { ReferenceLease } from '../reference/reference-lease.ts'
import { ReferenceModel } from '../reference/reference-model.ts'
import { ReferenceStore } from '../reference/reference-store.ts'
import type { Version } from '../version.ts'
import type { Change, Watch } from '../watch.ts'
import { cases } from './cases.ts'
import type { ConformanceContext, ObservedOperation } from './conformance-case.ts'
import { runCases } from './run-cases.ts'

/** Runs a case on its own data, among keys of others before and after its own. */
async function contextOver(
  store: (model: ReferenceModel) => KeyValueStore,
  checkHistory?: ConformanceContext['checkHistory'],
): Promise<ConformanceContext> {
  const time = new ManualClock()
  const model = new ReferenceModel(time)
  const around = new ReferenceStore(model)
  await around.put(utf8('before'), utf8('x'))
  await around.put(utf8('zzz'), utf8('x'))
  return {
    open: async () => store(model),
    prefix: 'case/',
    clock: { nowMs: () => time.nowMs(), sleep: (ms) => time.advance(ms) },
    abandon: async (held) => (held as ReferenceStore).abandon(),
    // What a bad day means for a store that cannot fail: time passes.
    disturb: () => time.advance(3_000),
    checkHistory,
  }
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

class LosesDeletions extends ReferenceStore {
  override watch(...arguments_: Parameters<ReferenceStore['watch']>) {
    return changing(super.watch(...arguments_), (change) => (change.kind === 'delete' ? [] : [change]))
  }
}
class RepeatsChanges extends ReferenceStore {
  override watch(...arguments_: Parameters<ReferenceStore['watch']>) {
    return changing(super.watch(...arguments_), (change) => [change, change])
  }
}
class WatchesFromNow extends ReferenceStore {
  override watch(range: KeyRange, { from: _, ...options }: WatchOptions = {}) {
    return super.watch(range, options)
  }
}
class CursorsBehind extends ReferenceStore {
  #last: Cursor | undefined
  override async cursor(options?: CallOptions) {
    const next = await super.cursor(options)
    const last = this.#last ?? next
    this.#last = next
    return last
  }
}
class WatchesAllKeys extends ReferenceStore {
  override watch(_: KeyRange, options?: WatchOptions) {
    return super.watch({ from: new Uint8Array() }, options)
  }
}
class ForgetsTimeToLive extends ReferenceStore {
  override async put(...[key, value, options]: Parameters<ReferenceStore['put']>) {
    const { ttlMs: _, ...rest } = options ?? {}
    return super.put(key, value, rest)
  }
}
class ExpiresEarly extends ReferenceStore {
  override async put(...[key, value, options = {}]: Parameters<ReferenceStore['put']>) {
    const { ttlMs } = options
    return super.put(key, value, { ...options, ...(ttlMs !== undefined && { ttlMs: ttlMs / 2 }) })
  }
}
class NeverKeepsAlive extends ReferenceStore {
  override async lease(options: LeaseOptions) {
    const lease = await super.lease(options)
    ;(lease as ReferenceLease).abandon()
    return lease
  }
}
class LeavesKeysBehind extends ReferenceStore {
  override async put(...[key, value, options]: Parameters<ReferenceStore['put']>) {
    const { lease: _, ...rest } = options ?? {}
    return super.put(key, value, rest)
  }
}
class SameTokens extends ReferenceStore {
  override async lease(options: LeaseOptions) {
    return Object.assign(await super.lease(options), { token: 1 as FencingToken })
  }
}
class KeepsForTheDead extends ReferenceStore {
  override abandon() {}
}

function changing(watch: Watch, change: (change: Change) => readonly Change[]): Watch {
  async function* changed() {
    for await (const each of watch) yield* change(each)
  }
  return new Proxy(watch, {
    get: (target, name) => {
      if (name === Symbol.asyncIterator) return changed
      const member = Reflect.get(target, name, target)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
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
  [
    'loses deletions',
    LosesDeletions,
    'a watch sees what is written after it is ready, in order, with values and versions',
  ],
  [
    'hands changes over twice',
    RepeatsChanges,
    'watchers see the same changes in the same order while clients write, also when they keep going away',
  ],
  [
    'watches from now whatever the cursor',
    WatchesFromNow,
    'a watch from a cursor sees everything after it and nothing before',
  ],
  ['gives old cursors', CursorsBehind, 'a cursor lies after what another client was told'],
  ['watches all keys', WatchesAllKeys, 'a watch sees the keys of its range and no others'],
  [
    'forgets times to live',
    ForgetsTimeToLive,
    'a value with a time to live goes after it and not before, and its key is as new',
  ],
  [
    'lets values go early',
    ExpiresEarly,
    'a value with a time to live goes after it and not before, and its key is as new',
  ],
  ['keeps no lease alive', NeverKeepsAlive, 'a lease that is held outlives its time to live'],
  [
    'leaves the keys of a lease behind',
    LeavesKeysBehind,
    'the keys of a lease are there while it is held and gone when it was released',
  ],
  ['gives the same token twice', SameTokens, 'fencing tokens grow with every grant, over clients'],
  [
    'keeps leases of the dead alive',
    KeepsForTheDead,
    'the keys of a holder that died go after the time to live, not before',
  ],
]

describe('the cases', () => {
  it.each(faulty)('notice a store that %s', async (_, Store, name) => {
    const found = cases.find((each) => each.name === name)
    expect(found).toBeDefined()
    const context = await contextOver((model) => new Store(model))
    await expect(found!.run(context)).rejects.toThrow()
  })
})

describe('a run of the cases', () => {
  const named = (name: string, run: (context: ConformanceContext) => Promise<void>) =>
    ({ name, guarantee: 'a guarantee', run }) as const

  it('says which held, which did not and why, in their order', async () => {
    const context = await contextOver((model) => new ReferenceStore(model))
    const results = await runCases(
      [
        named('waits', () => context.clock.sleep(500)),
        named('throws', async () => {
          throw new Error('found 2')
        }),
        { ...named('needs', async () => {}), needs: ['faults'] },
        named('hangs', () => new Promise(() => {})),
      ],
      { ...context, disturb: undefined },
      { caseTimeoutMs: 5_000 },
    )
    expect(results.map(({ name, verdict, reason }) => [name, verdict, reason])).toEqual([
      ['waits', 'ok', undefined],
      ['throws', 'failed', 'found 2'],
      ['needs', 'skipped', 'there is no way to disturb the engine here'],
      ['hangs', 'failed', 'it did not end within 5000 ms'],
    ])
  })

  it('skips what the engine does not promise', async () => {
    const weak = new ReferenceStore(new ReferenceModel()).guarantees
    class Weak extends ReferenceStore {
      override readonly guarantees: Guarantees = { ...weak, watch: false, leases: false }
    }
    const context = await contextOver((model) => new Weak(model))
    const results = await runCases(cases, context)
    expect(results.filter(({ verdict }) => verdict === 'failed')).toEqual([])
    const skipped = results.filter(({ verdict }) => verdict === 'skipped').map(({ name }) => name)
    expect(skipped).toContain('a cursor that is none is refused')
    expect(skipped).toContain('fencing tokens grow with every grant, over clients')
    expect(skipped).not.toContain('concurrent increments by compare-and-set lose nothing')
  })
})
