import { expect, test } from 'vitest'
import { Client } from '../../../engines/client/client.ts'
import { RemoteTransport } from '../../../engines/remote/remote-transport.ts'
import { utf8 } from '../../../foundation/bytes.ts'
import type { DureError } from '../../../foundation/errors.ts'
import { logIndex } from '../../../foundation/ids.ts'
import { prefixRange } from '../../../ports/key-value/prefix-range.ts'
import type { ChangePlace } from '../../../wire/parcel/parcel.ts'
import { CommittedChanges } from '../invariants/committed-changes.ts'
import { type ClusterShape, overSeeds, type ScenarioCluster } from './scenario-cluster.ts'
import { describeSeeds, testSeeds } from './test-seeds.ts'
import { WatchingClient, type WatchingOptions } from './watching-client.ts'

const seeds = testSeeds(process.env.DURE_SEED)
console.log(describeSeeds(seeds))

/** Tables are flushed and logs cut all the time: who was away gets a snapshot. */
const storage = { flushBytesMax: 2_000, flushIntervalMs: 200, logKeepBytes: 0, segmentBytes: 16_384 }
/** Copies, and messages that overtake each other. */
const disorder = {
  lossProbability: 0.02,
  duplicateProbability: 0.1,
  reorderProbability: 0.2,
  reorderMs: 60,
  jitterMs: 10,
}

const ranges = [
  prefixRange(utf8('')),
  prefixRange(utf8('k00')),
  { from: utf8('k001'), to: utf8('k001\0') },
  { from: utf8('k0005'), to: utf8('k003x') },
]

/** Watchers of all kinds of ranges look on while clients write and `happens` does. */
function watched(
  shape: Partial<ClusterShape>,
  happens: (cluster: ScenarioCluster, watchers: readonly WatchingClient[]) => void,
  options: WatchingOptions = {},
): void {
  for (const seed of seeds) {
    const truth = new CommittedChanges()
    overSeeds([seed], { nodes: 3, storage, ...shape, invariants: [truth] }, (cluster) => {
      cluster.agree()
      const watchers = ranges.map((range) => new WatchingClient(cluster, truth, range, options))
      cluster.until('all watch', () => watchers.every((watcher) => watcher.hasReached({ index: 1 })))
      cluster.startClients(3, { thinkMs: 10 })
      happens(cluster, watchers)
      for (const client of cluster.clients) client.stop()
      cluster.becomeReliable()
      cluster.heal()
      for (const id of cluster.ids) if (!cluster.isUp(id)) cluster.restart(id)
      cluster.agree()
      cluster.run(6_000)
      const { end } = truth
      cluster.until('all watchers have seen everything', () =>
        watchers.every((watcher) => watcher.hasReached(end) || watcher.error !== undefined),
      )
      expect(watchers.map(({ error }) => error)).toEqual(watchers.map(() => undefined))
      expect(watchers[0]!.seen).toBeGreaterThan(5)
    })
  }
}

const neverCompacted = (watchers: readonly WatchingClient[]): void =>
  expect(watchers.map(({ compacted }) => compacted)).toEqual(watchers.map(() => 0))

test('leaders crash, nodes restart and are cut off: every watch shows every change, in order, once', () => {
  watched({}, (cluster, watchers) => {
    for (let round = 0; round < 12; round++) {
      cluster.run(cluster.random.integer(100, 1_500))
      const victim = round % 2 === 0 ? cluster.leader() : cluster.random.pick(cluster.connected)
      if (cluster.random.next() < 0.5) cluster.crash(victim)
      else cluster.cutOff(victim)
      cluster.run(cluster.random.integer(100, 3_000))
      if (cluster.isUp(victim)) cluster.reconnect(victim)
      else cluster.restart(victim)
    }
    neverCompacted(watchers)
  })
})

test('all nodes restart at once', () => {
  watched({}, (cluster, watchers) => {
    for (let round = 0; round < 3; round++) {
      cluster.run(1_000)
      cluster.restartAll()
      cluster.agree()
    }
    neverCompacted(watchers)
  })
})

test('messages are lost, doubled and overtaken', () => {
  watched({ network: disorder }, (cluster, watchers) => {
    cluster.run(15_000)
    neverCompacted(watchers)
  })
})

test('the same with windows of a few changes and takers that take their time', () => {
  const slow = { windowBytes: 200, thinkMs: 30 }
  watched(
    { network: disorder },
    (cluster) => {
      for (let round = 0; round < 4; round++) {
        cluster.run(2_000)
        cluster.restart(cluster.leader())
      }
    },
    slow,
  )
})

test('a feed that keeps little: who is too slow is told so and begins anew, with nothing wrong before it', () => {
  const stateMachine = {
    feed: { entriesMax: 12, bytesMax: 1 << 20, blockBytes: 512 },
    expiredPerEntryMax: 1_024,
  }
  let compacted = 0
  const happens = (cluster: ScenarioCluster, watchers: readonly WatchingClient[]): void => {
    for (let round = 0; round < 4; round++) {
      cluster.run(1_000)
      const victim = round % 2 === 0 ? cluster.leader() : cluster.random.pick(cluster.connected)
      cluster.cutOff(victim)
      cluster.run(cluster.random.integer(1_000, 4_000))
      cluster.reconnect(victim)
    }
    for (const watcher of watchers) compacted += watcher.compacted
  }
  watched({ storage: { ...storage, stateMachine } }, happens, { windowBytes: 100, thinkMs: 400 })
  expect(compacted, 'it happened').toBeGreaterThan(0)
})

test('a cursor of a past that was lost ends as compacted, whichever node is asked', () => {
  overSeeds(seeds, { nodes: 3, storage }, (cluster) => {
    cluster.agree()
    const errors: (DureError | undefined)[] = cluster.addresses.map(() => undefined)
    for (const [i, address] of cluster.addresses.entries()) {
      cluster.world.spawn('watcher', { promises: false }).start((runtime) => {
        const client = new Client(runtime, new RemoteTransport(runtime, [address]))
        const events = { received: () => {}, ended: (error: DureError) => (errors[i] = error) }
        const watchFromBeyond = (place: ChangePlace): void => {
          now.close()
          const beyond = { ...place, index: logIndex(place.index + 1_000) }
          client.watch(ranges[0]!, beyond, { ...events, ready: () => {} }).start()
        }
        const now = client.watch(ranges[0]!, undefined, { ...events, ready: watchFromBeyond })
        now.start()
      })
    }
    cluster.until('all have ended', () => errors.every((error) => error !== undefined), 6_000)
    for (const error of errors) {
      expect(error).toMatchObject({ code: 'compacted', retryable: false })
      expect(error!.message).toContain('of a past that was lost')
    }
  })
})
