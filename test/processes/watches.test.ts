import { expect, test } from 'vitest'
import { ProcessCluster } from '../../src/fixture/process-cluster.ts'
import { waitFor } from '../../src/fixture/wait-for.ts'
import { text, utf8 } from '../../src/foundation/bytes.ts'
import type { KeyValueStore } from '../../src/ports/key-value/key-value-store.ts'
import { prefixRange } from '../../src/ports/key-value/prefix-range.ts'

const ROUNDS = 4
const WRITES = 100
const WAIT_MS_MAX = 30_000

/** Writes 1, 2, 3 … one after the other, each once, however long it takes. */
class Counter {
  written = 0
  readonly #store: KeyValueStore

  constructor(store: KeyValueStore) {
    this.#store = store
  }

  async count(by: number): Promise<void> {
    for (let i = 0; i < by; i++) {
      const next = this.written + 1
      await this.#store.put(utf8('counter/now'), utf8(String(next)), { timeoutMs: 30_000 })
      this.written = next
    }
  }
}

/** The node that serves watches now. */
async function watchedNode(cluster: ProcessCluster): Promise<number> {
  return waitFor('a node that serves a watch', WAIT_MS_MAX, async () => {
    for (const node of cluster.nodes.filter((each) => cluster.isRunning(each))) {
      const metrics = await (await fetch(`http://${cluster.httpAddresses[node - 1]}/metrics`)).text()
      if (/^dure_watchers [1-9]/m.test(metrics)) return node
    }
    return undefined
  })
}

const until = (what: string, condition: () => boolean): Promise<true> =>
  waitFor(what, WAIT_MS_MAX, async () => condition() || undefined)

test('kill -9 of the node that a watch is connected to loses nothing and repeats nothing', {
  timeout: 120_000,
}, async () => {
  await using cluster = await ProcessCluster.start({ nodeCount: 3 })
  await using writer = await cluster.connect()
  await using reader = await cluster.connect()
  const counter = new Counter(writer)
  await counter.count(10)
  const watch = reader.watch(prefixRange(utf8('counter/')))
  await watch.ready
  const seen: number[] = []
  const watching = (async () => {
    for await (const change of watch) if (change.kind === 'put') seen.push(Number(text(change.value)))
  })()
  for (let round = 0; round < ROUNDS; round++) {
    const counting = counter.count(WRITES)
    await until('the watch goes on', () => seen.length >= round * WRITES + WRITES / 4)
    const node = await watchedNode(cluster)
    await cluster.kill(node)
    await counting
    await cluster.start(node)
  }
  await until('the watch has seen everything', () => seen.length >= ROUNDS * WRITES)
  await watch.close()
  await watching
  expect(seen).toEqual(Array.from({ length: ROUNDS * WRITES }, (_, i) => 11 + i))
})

test('a cursor is good on any node, however often all of them were stopped or killed', {
  timeout: 120_000,
}, async () => {
  await using cluster = await ProcessCluster.start({ nodeCount: 3 })
  await using writer = await cluster.connect()
  const counter = new Counter(writer)
  const from = await writer.cursor()
  // A stop flushes the tables, a kill does not: what a start finds is older each time, and a start goes on from a start.
  for (const end of ['kill', 'stop', 'kill'] as const) {
    await counter.count(10)
    await Promise.all(cluster.nodes.map((node) => cluster[end](node)))
    await Promise.all(cluster.nodes.map((node) => cluster.start(node)))
  }
  await using reader = await cluster.connect()
  const seen: number[] = []
  for await (const change of reader.watch(prefixRange(utf8('counter/')), { from })) {
    if (change.kind === 'put') seen.push(Number(text(change.value)))
    if (seen.length === 30) break
  }
  expect(seen).toEqual(Array.from({ length: 30 }, (_, i) => 1 + i))
})
