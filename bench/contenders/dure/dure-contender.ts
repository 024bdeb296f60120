import type { NodeStatus } from '../../../src/engines/embedded/status.ts'
import { connectRemote } from '../../../src/engines/remote/connect-remote.ts'
import { ProcessCluster } from '../../../src/fixture/process-cluster.ts'
import { waitFor } from '../../../src/fixture/wait-for.ts'
import type { Contender, Leader, RetryingClient, Target } from '../contender.ts'
import { DureRetryingClient } from './dure-retrying-client.ts'

const NODES = 3
const CAUGHT_UP_TIMEOUT_MS = 60_000
const CALL_TIMEOUT_MS = 1_000

/** Three node processes on this machine, as `dure up` starts them. Here nodes are counted from 0, there from 1. */
export class DureContender implements Contender {
  readonly name = 'dure'
  readonly #options: { readonly directory: string; readonly allowFaults?: boolean }
  #started: ProcessCluster | undefined
  #killed: Promise<void> = Promise.resolve()

  constructor(options: { readonly directory: string; readonly allowFaults?: boolean }) {
    this.#options = options
  }

  get target(): Target {
    return { name: this.name, addresses: this.#cluster.addresses, connections: 1 }
  }

  get pids(): readonly number[] {
    return this.#cluster.nodes.flatMap((node) => this.#cluster.pidOf(node) ?? [])
  }

  async start(): Promise<void> {
    const { directory, allowFaults = false } = this.#options
    this.#started = await ProcessCluster.start({
      nodeCount: NODES,
      clusterId: 'bench',
      directory,
      allowFaults,
      args: ['--log-level', 'warn'],
    })
    for (let node = 0; node < NODES; node++) await this.caughtUp(node)
  }

  async leader(): Promise<Leader> {
    try {
      const node = await this.#cluster.leader()
      const { term } = await this.#cluster.status(node)
      return { node: node - 1, term }
    } catch (cause) {
      throw new Error(`dure has no leader; its nodes wrote:\n${this.#cluster.logs()}`, { cause })
    }
  }

  kill(node: number): void {
    this.#killed = this.#cluster.kill(node + 1)
  }

  async restart(node: number): Promise<void> {
    await this.#killed
    await this.#cluster.start(node + 1)
  }

  async caughtUp(node: number): Promise<void> {
    const leader = await this.leader()
    const { commit_index } = await this.status(leader.node)
    await waitFor(`node ${node + 1} of dure to catch up`, CAUGHT_UP_TIMEOUT_MS, async () => {
      const { applied_index } = await this.status(node)
      return applied_index >= commit_index ? true : undefined
    })
  }

  status(node: number): Promise<NodeStatus> {
    return this.#cluster.status(node + 1)
  }

  async readFrom(node: number, key: Uint8Array): Promise<boolean> {
    await using store = await this.#cluster.connect(node + 1)
    return (await store.get(key, { timeoutMs: CALL_TIMEOUT_MS })).exists
  }

  async logBytes(node: number): Promise<number> {
    return (await this.status(node)).log_bytes
  }

  async connectRetrying(): Promise<RetryingClient> {
    return new DureRetryingClient(await connectRemote({ addresses: this.#cluster.addresses }))
  }

  /** Makes each sync of the node's disk wait this long from now on; 0 ends it. False when it cannot do that. */
  async stallDisk(node: number, stallMs: number): Promise<boolean> {
    if (this.#options.allowFaults !== true) return false
    await this.#cluster.setFaults(node + 1, { disk_stall_ms: stallMs })
    return true
  }

  async stop(): Promise<void> {
    const { nodes } = this.#cluster
    await Promise.all(nodes.map((node) => this.#cluster.stop(node)))
  }

  get #cluster(): ProcessCluster {
    if (this.#started === undefined) throw new Error('dure was not started')
    return this.#started
  }
}
