import { expect, test } from 'vitest'
import { Client } from '../../../engines/client/client.ts'
import { RemoteTransport } from '../../../engines/remote/remote-transport.ts'
import { utf8 } from '../../../foundation/bytes.ts'
import { overSeeds, type ScenarioCluster } from './scenario-cluster.ts'
import { describeSeeds, testSeeds } from './test-seeds.ts'

const seeds = testSeeds(process.env.DURE_SEED, [1])
console.log(describeSeeds(seeds))

const GROUPS = 64
/** Gets a few values in the beginning, and nothing after. */
const IDLE = 62
/** One of its followers is dead to it, though its node lives. */
const WITH_DEAD_FOLLOWER = 63
const DEAD_AT = 3
const IDLE_WRITES = 3
const VALUE_BYTES = 1_000
/** So little that all of it stays behind the table. */
const IDLE_VALUE_BYTES = 100
const KEYS = 8
const EVERY_MS = 25

const raft = { electionTimeoutMs: 2_000, heartbeatIntervalMs: 400 }
const storage = {
  segmentBytes: 32 << 10,
  flushBytesMax: 2 << 10,
  flushIntervalMs: 500,
  logKeepBytes: 1 << 10,
}
/** What a group may need: what is kept behind the table, and what waits for its flush, each with its envelopes. */
const LIVE_BYTES_MAX = GROUPS * (storage.logKeepBytes + storage.flushBytesMax)
const LOG_BYTES_MAX = 2 * LIVE_BYTES_MAX + 6 * storage.segmentBytes

test('64 groups share one log: an idle group and a dead follower do not make it grow', () => {
  overSeeds(seeds, { nodes: 3, groupCount: GROUPS, raft, storage }, (cluster) => {
    cluster.messages.lose(
      (from, to, group) => group === WITH_DEAD_FOLLOWER && (from === DEAD_AT || (to as number) === DEAD_AT),
    )
    // The system group is the one whose history is checked; here it has little to do.
    const writers = Array.from({ length: GROUPS - 1 }, (_, i) => startWriter(cluster, i + 1))
    cluster.until('the idle group has had its writes', () => writers[IDLE - 1]!.written === IDLE_WRITES)

    let most = 0
    const sample = (): void => {
      for (const id of cluster.ids) most = Math.max(most, cluster.node(id).status.log_bytes)
    }
    const writtenBytes = () => writers.reduce((sum, { written }) => sum + written, 0) * VALUE_BYTES
    while (writtenBytes() < 3 * LOG_BYTES_MAX) {
      cluster.run(100)
      sample()
    }
    // The idle group still needs its first entries, so without rewriting every segment would be there still.
    for (const id of cluster.ids) {
      expect(cluster.group(id, IDLE).raft.base.index).toBe(0)
      expect(cluster.group(id, IDLE).raft.lastIndex).toBeGreaterThan(IDLE_WRITES)
    }
    expect(most).toBeLessThan(LOG_BYTES_MAX)
    expect(cluster.group(nodeOf(cluster, DEAD_AT), WITH_DEAD_FOLLOWER).appliedIndex, 'it heard nothing').toBe(
      0,
    )

    // What was written again is read back like the rest.
    for (const writer of writers) writer.stop()
    cluster.messages.lose(undefined)
    cluster.restartAll()
    cluster.until('all are back', () => cluster.ids.every((id) => cluster.isUp(id)))
    cluster.until('every group has come to the same state', () => isSame(cluster))
    for (const id of cluster.ids) {
      expect(cluster.group(id, IDLE).raft.lastIndex).toBeGreaterThan(IDLE_WRITES)
      expect(cluster.group(id, IDLE).stateMachine.get(utf8('key 1')).exists).toBe(true)
      expect(cluster.node(id).status.log_bytes).toBeLessThan(LOG_BYTES_MAX)
    }
  })
})

const nodeOf = (cluster: ScenarioCluster, id: number) => cluster.ids[id - 1]!

function isSame(cluster: ScenarioCluster): boolean {
  for (let group = 0; group < GROUPS; group++) {
    const applied = cluster.ids.map((id) => cluster.group(id, group).appliedIndex)
    const last = Math.max(...cluster.ids.map((id) => cluster.group(id, group).raft.commitIndex))
    if (applied.some((index) => index !== last)) return false
  }
  return true
}

interface Writer {
  written: number
  stop(): void
}

/** Writes the same few keys of one group again and again. */
function startWriter(cluster: ScenarioCluster, group: number): Writer {
  let isStopped = false
  const writer: Writer = { written: 0, stop: () => (isStopped = true) }
  const value = new Uint8Array(group === IDLE ? IDLE_VALUE_BYTES : VALUE_BYTES)
  cluster.world.spawn(`writer ${group}`, { promises: false }).start((runtime) => {
    const transport = new RemoteTransport(runtime, cluster.addresses, { pinned: true, group })
    const client = new Client(runtime, transport)
    const write = (): void => {
      if (isStopped || (group === IDLE && writer.written === IDLE_WRITES)) return
      const key = utf8(`key ${1 + (writer.written % KEYS)}`)
      client.commit({ operations: [{ kind: 'put', key, value }] }, 5_000, (error) => {
        if (error === undefined) writer.written++
        runtime.timer(EVERY_MS, write)
      })
    }
    write()
  })
  return writer
}
