import { Client } from '../../../engines/client/client.ts'
import { space } from '../../../engines/embedded/state-machine/row.ts'
import { RemoteTransport } from '../../../engines/remote/remote-transport.ts'
import { text } from '../../../foundation/bytes.ts'
import { checksum } from '../../../foundation/checksum.ts'
import type { NodeId } from '../../../foundation/ids.ts'
import { checkLinearizable } from '../../verify/linearizability/check-linearizable.ts'
import { keyValueModel } from '../../verify/linearizability/key-value-model.ts'
import { BrokenInvariant } from '../invariants/invariant.ts'
import type { ScenarioCluster } from './scenario-cluster.ts'

const READ_TIMEOUT_MS = 10_000

/**
 * The end of every scenario: everything is mended, all members must come to the same state, and what clients and
 * proposers saw, with a last look at every key, must be linearizable. So whatever was acknowledged is still there, and
 * whatever failed is not.
 */
export function settle(cluster: ScenarioCluster): void {
  const { world, clients } = cluster
  world.note('all is mended')
  cluster.becomeReliable()
  cluster.heal()
  for (const id of cluster.present) {
    cluster.resume(id)
    if (!cluster.isUp(id)) cluster.restart(id)
  }
  for (const client of clients) client.stop()
  cluster.until('all nodes are up', () => cluster.present.every((id) => cluster.isUp(id)))
  cluster.agree({ on: 1 })
  readEverything(cluster)
  const members = membersOf(cluster, cluster.leader())
  cluster.until('all members have applied the same', () => {
    const applied = members.map((id) => cluster.group(id).appliedIndex)
    return applied.every((index) => index === applied[0])
  })
  const sums = members.map((id) => sumOf(cluster, id))
  if (new Set(sums).size > 1) {
    throw new BrokenInvariant('convergence', `nodes ${members.join(', ')} hold different rows`)
  }
  const result = checkLinearizable(cluster.recorder.history(), keyValueModel)
  if (result.verdict === 'valid') return
  const detail = result.verdict === 'invalid' ? result.witness.text : 'too hard to check'
  throw new BrokenInvariant('linearizability', `key ${result.key}\n${detail}`)
}

function membersOf(cluster: ScenarioCluster, leader: NodeId): readonly NodeId[] {
  const { voters, learners } = cluster.raft(leader).membership
  return [...voters, ...learners].filter((id) => cluster.present.includes(id))
}

/** Rows of users alone: sessions become rows at a flush, which every node does in its own time. */
function sumOf(cluster: ScenarioCluster, id: NodeId): number {
  let sum = 0
  for (const { key, value } of cluster.group(id).table.scan(new Uint8Array([space.user]), undefined)) {
    sum = checksum(value, checksum(key, sum))
  }
  return sum
}

/** Reads every key that anybody wrote to, from one snapshot. */
function readEverything(cluster: ScenarioCluster): void {
  const { world, recorder } = cluster
  const keys = new Set(recorder.history().flatMap(({ input }) => keyValueModel.keysOf(input)))
  const operations = new Map([...keys].map((key) => [key, recorder.start(-1, { kind: 'get', key })]))
  let isDone = false
  world.spawn('reader', { promises: false }).start((runtime) => {
    const client = new Client(runtime, new RemoteTransport(runtime, cluster.addresses))
    const read = (from: Uint8Array, snapshot: number): void => {
      const page = { from, to: undefined, limit: 1_000, consistency: 'strong', snapshot } as const
      client.page(page, READ_TIMEOUT_MS, (error, answer) => {
        if (answer === undefined) throw error
        for (const { key, value, version } of answer.rows) {
          const operation = operations.get(text(key))
          if (operation === undefined) throw new BrokenInvariant('no phantoms', `nobody wrote ${text(key)}`)
          operation.complete({ kind: 'value', value: text(value), version })
          operations.delete(text(key))
        }
        if (answer.next !== undefined) return read(answer.next, answer.snapshot)
        for (const operation of operations.values()) operation.complete({ kind: 'value', value: undefined })
        isDone = true
      })
    }
    read(new Uint8Array(0), 0)
  })
  cluster.until('everything was read', () => isDone)
}
