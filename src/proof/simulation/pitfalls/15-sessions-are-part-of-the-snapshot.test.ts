import { expect, test } from 'vitest'
import { utf8 } from '../../../foundation/bytes.ts'
import { type NodeId, type SessionId, sessionId } from '../../../foundation/ids.ts'
import { encodeCommand } from '../../../wire/command/codec.ts'
import type { Command, CommandResult } from '../../../wire/command/command.ts'
import { overSeeds, type ScenarioCluster } from '../scenarios/scenario-cluster.ts'
import { describeSeeds, testSeeds } from '../scenarios/test-seeds.ts'

const seeds = testSeeds(process.env.DURE_SEED)
console.log(describeSeeds(seeds))

/** Logs are cut all the time: what a node knows of a session comes from its table or from a snapshot. */
const storage = { flushBytesMax: 600, flushIntervalMs: 50, logKeepBytes: 0, segmentBytes: 8_192 }
const KEY = 'nobody wrote it'

test('a retry is answered as the first time by every later leader: one that restarted, one that got a snapshot', () => {
  overSeeds(seeds, { nodes: 3, storage }, (cluster) => {
    cluster.agree()
    const away = cluster.others(cluster.leader())[0]!
    cluster.cutOff(away)
    const session = openSession(cluster)
    const first = commit(cluster, session, 1)
    expect(first).toMatchObject({ kind: 'committed' })
    for (let i = 0; i < 30; i++) cluster.propose(cluster.leader(), { bytes: 40 })
    cluster.agree({ on: 2 })
    cluster.compact(...cluster.others(away))
    cluster.reconnect(away)
    cluster.agree({ on: 3 })
    expect(cluster.messages.count('snapshot-chunk'), 'it got a snapshot').toBeGreaterThan(0)
    for (const leader of cluster.ids) {
      lead(cluster, leader)
      expect(commit(cluster, session, 1), `by node ${leader}`).toEqual(first)
    }
    cluster.compact(...cluster.ids)
    cluster.restartAll()
    for (const leader of cluster.ids) {
      lead(cluster, leader)
      expect(commit(cluster, session, 1), `by node ${leader}, after a restart`).toEqual(first)
    }
  })
})

function openSession(cluster: ScenarioCluster): SessionId {
  const result = run(cluster, { kind: 'open-session', logTimeMs: 0 })
  expect(result.kind).toBe('session-opened')
  return result.kind === 'session-opened' ? result.session : sessionId(0)
}

const commit = (cluster: ScenarioCluster, session: SessionId, sequence: number): CommandResult =>
  run(cluster, {
    kind: 'commit',
    logTimeMs: 0,
    session,
    sequence,
    lowWater: 1,
    idempotencyKey: '',
    comparisons: [],
    // Of a key that is not there: its version tells when it ran.
    operations: [{ kind: 'delete', key: utf8(KEY) }],
  })

function run(cluster: ScenarioCluster, command: Command): CommandResult {
  let result: CommandResult | undefined
  const request = { kind: 'command', command: encodeCommand(command) } as const
  cluster.node(cluster.leader()).request(request, 5_000, (response) => {
    expect(response).toMatchObject({ status: 'command' })
    if (response.status === 'command') result = response.result
  })
  cluster.until('an answer', () => result !== undefined)
  return result!
}

function lead(cluster: ScenarioCluster, node: NodeId): void {
  cluster.agree({ on: cluster.ids.length })
  if (cluster.leader() === node) return
  cluster.group(cluster.leader()).transferLeadership(node)
  cluster.until(`node ${node} leads`, () => cluster.presentLeader === node)
}
