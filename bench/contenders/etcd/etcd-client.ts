import { waitFor } from '../../../src/fixture/wait-for.ts'
import type { ContenderClient, LeaseHandle, Target } from '../contender.ts'
import { EtcdLeases } from './etcd-leases.ts'
import { watchEtcd } from './etcd-watchers.ts'
import { GrpcChannel } from './grpc-channel.ts'
import {
  decodePutRevision,
  decodeRangeExists,
  decodeStatus,
  type EtcdStatus,
  encodePut,
  encodeRange,
  encodeStatus,
} from './protobuf.ts'

const LEADER_TIMEOUT_MS = 30_000
const CALL_ONCE_TIMEOUT_MS = 1_000

/** Connects to the member that leads: it answers without forwarding, which is the best case for etcd. */
export async function connectEtcd(target: Target): Promise<EtcdClient> {
  const { node } = await findEtcdLeader(target.addresses)
  return new EtcdClient(target.addresses[node]!, target.connections)
}

export class EtcdClient implements ContenderClient {
  readonly #channel: GrpcChannel
  readonly #leases: EtcdLeases

  constructor(address: string, connections: number) {
    this.#channel = new GrpcChannel(address, connections)
    this.#leases = new EtcdLeases(this.#channel)
  }

  async put(key: Uint8Array, value: Uint8Array): Promise<number> {
    return decodePutRevision(await this.#channel.call('/etcdserverpb.KV/Put', encodePut(key, value)))
  }

  async get(key: Uint8Array): Promise<boolean> {
    return decodeRangeExists(await this.#channel.call('/etcdserverpb.KV/Range', encodeRange(key)))
  }

  watch(prefix: Uint8Array, watchers: number, changed: (value: Uint8Array) => void): Promise<void> {
    return watchEtcd(this.#channel, prefix, watchers, changed)
  }

  grantLease(ttlMs: number): Promise<LeaseHandle> {
    return this.#leases.grant(ttlMs)
  }

  keepAlive(lease: LeaseHandle): Promise<void> {
    return this.#leases.keepAlive(lease)
  }

  async close(): Promise<void> {
    this.#channel.close()
  }
}

/** What one member says of itself; rejects when it does not answer within a second. */
export async function etcdStatus(address: string): Promise<EtcdStatus> {
  return decodeStatus(await callOnce(address, '/etcdserverpb.Maintenance/Status', encodeStatus()))
}

/** One linearizable read of this very member; rejects when it does not answer within a second. */
export async function readEtcd(address: string, key: Uint8Array): Promise<boolean> {
  return decodeRangeExists(await callOnce(address, '/etcdserverpb.KV/Range', encodeRange(key)))
}

/** One call on a connection of its own. */
async function callOnce(address: string, path: string, message: Buffer): Promise<Uint8Array> {
  const channel = new GrpcChannel(address, 1)
  const timer = setTimeout(() => channel.close(), CALL_ONCE_TIMEOUT_MS)
  try {
    return await channel.call(path, message)
  } finally {
    clearTimeout(timer)
    channel.close()
  }
}

/** The member that calls itself the leader; of two, the one of the later term. */
export function findEtcdLeader(addresses: readonly string[]): Promise<{ node: number; term: number }> {
  return waitFor('a leader of etcd', LEADER_TIMEOUT_MS, async () => {
    const answers = await Promise.allSettled(addresses.map(etcdStatus))
    let leader: { node: number; term: number } | undefined
    for (const [node, answer] of answers.entries()) {
      if (answer.status === 'rejected') continue
      const { memberId, leaderId, raftTerm } = answer.value
      if (memberId === leaderId && raftTerm > (leader?.term ?? 0)) leader = { node, term: raftTerm }
    }
    return leader
  })
}
