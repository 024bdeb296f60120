import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { NodeStatus } from '../../../src/engines/embedded/status.ts'
import { connectRemote } from '../../../src/engines/remote/connect-remote.ts'
import { freePorts } from '../../../src/fixture/free-ports.ts'
import { Hopeless, waitFor } from '../../../src/fixture/wait-for.ts'
import type { Contender, Leader, RetryingClient, Target } from '../contender.ts'
import { ServerProcess } from '../server-process.ts'
import { DureRetryingClient } from './dure-retrying-client.ts'

const NODES = 3
const PROGRAM = fileURLToPath(new URL('../../../src/server/main.ts', import.meta.url))
const LEADER_TIMEOUT_MS = 30_000
const CAUGHT_UP_TIMEOUT_MS = 60_000
const CALL_TIMEOUT_MS = 1_000
const STOP_TIMEOUT_MS = 5_000

/** Whether this tree can start a node at all. */
export const hasDureServer = (): boolean => existsSync(PROGRAM)

/** Three node processes on this machine, as `dure up` starts them. */
export class DureContender implements Contender {
  readonly name = 'dure'
  readonly #directory: string
  readonly #allowFaults: boolean
  #nodes: { readonly args: readonly string[]; process: ServerProcess }[] = []
  #addresses: readonly string[] = []
  #httpAddresses: readonly string[] = []

  constructor(options: { readonly directory: string; readonly allowFaults?: boolean }) {
    this.#directory = options.directory
    this.#allowFaults = options.allowFaults ?? false
  }

  get target(): Target {
    return { name: this.name, addresses: this.#addresses, connections: 1 }
  }

  get pids(): readonly number[] {
    return this.#nodes.filter(({ process }) => process.isRunning).map(({ process }) => process.pid)
  }

  async start(): Promise<void> {
    mkdirSync(this.#directory, { recursive: true })
    const ports = await freePorts(NODES * 2)
    this.#addresses = ports.slice(0, NODES).map((port) => `127.0.0.1:${port}`)
    this.#httpAddresses = ports.slice(NODES).map((port) => `127.0.0.1:${port}`)
    const members = this.#addresses.map((address, node) => `${node + 1}=${address}`).join(',')
    for (let node = 0; node < NODES; node++) {
      const args = [
        PROGRAM,
        ...['--node-id', String(node + 1)],
        ...['--directory', join(this.#directory, `node${node}`)],
        ...['--members', members],
        ...['--http', this.#httpAddresses[node]!],
        ...['--cluster-id', 'bench'],
        ...['--log-level', 'warn'],
        ...(this.#allowFaults ? ['--allow-faults'] : []),
      ]
      // An empty directory is this node's only now; it comes back to the one it has.
      this.#nodes.push({ args, process: this.#spawn(node, [...args, '--initialize']) })
    }
    await this.leader()
    for (let node = 0; node < NODES; node++) await this.caughtUp(node)
  }

  async leader(): Promise<Leader> {
    try {
      return await waitFor('a leader of dure', LEADER_TIMEOUT_MS, () => this.#findLeader())
    } catch (cause) {
      const output = this.#nodes.map(({ process }) => process.lastOutput).join('\n')
      throw new Error(`dure has no leader; its nodes wrote:\n${output}`, { cause })
    }
  }

  kill(node: number): void {
    this.#nodes[node]!.process.kill()
  }

  async restart(node: number): Promise<void> {
    const { args, process } = this.#nodes[node]!
    await process.exited
    this.#nodes[node]!.process = this.#spawn(node, args)
  }

  async caughtUp(node: number): Promise<void> {
    const leader = await this.leader()
    const { commit_index } = await this.status(leader.node)
    await waitFor(`node ${node + 1} of dure to catch up`, CAUGHT_UP_TIMEOUT_MS, async () => {
      const { applied_index } = await this.status(node)
      return applied_index >= commit_index ? true : undefined
    })
  }

  async status(node: number): Promise<NodeStatus> {
    const response = await this.#fetch(node, '/status')
    if (!response.ok) throw new Error(`GET /status of node ${node + 1} was answered with ${response.status}`)
    return (await response.json()) as NodeStatus
  }

  async readFrom(node: number, key: Uint8Array): Promise<boolean> {
    await using store = await connectRemote({ addresses: [this.#addresses[node]!], pinned: true })
    return (await store.get(key, { timeoutMs: CALL_TIMEOUT_MS })).exists
  }

  async logBytes(node: number): Promise<number> {
    return (await this.status(node)).log_bytes
  }

  async connectRetrying(): Promise<RetryingClient> {
    return new DureRetryingClient(await connectRemote({ addresses: this.#addresses }))
  }

  /** Makes each sync of the node's disk wait this long from now on; 0 ends it. False when it cannot do that. */
  async stallDisk(node: number, stallMs: number): Promise<boolean> {
    const response = await this.#fetch(node, '/v1/faults', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ disk_stall_ms: stallMs }),
    })
    await response.arrayBuffer()
    return response.ok
  }

  async stop(): Promise<void> {
    await Promise.all(this.#nodes.map(({ process }) => process.stop(STOP_TIMEOUT_MS)))
  }

  #fetch(node: number, path: string, init: RequestInit = {}): Promise<Response> {
    const url = `http://${this.#httpAddresses[node]!}${path}`
    return fetch(url, { ...init, signal: AbortSignal.timeout(CALL_TIMEOUT_MS) })
  }

  /** The node that calls itself the leader; of two, the one of the later term. */
  async #findLeader(): Promise<Leader | undefined> {
    if (this.pids.length === 0) throw new Hopeless('none of its nodes runs any more')
    const answers = await Promise.allSettled(this.#httpAddresses.map((_, node) => this.status(node)))
    let leader: Leader | undefined
    for (const [node, answer] of answers.entries()) {
      if (answer.status === 'rejected' || answer.value.state !== 'leader') continue
      if (answer.value.term > (leader?.term ?? 0)) leader = { node, term: answer.value.term }
    }
    return leader
  }

  #spawn(node: number, args: readonly string[]): ServerProcess {
    return new ServerProcess({
      program: process.execPath,
      args,
      logPath: join(this.#directory, `node${node}.log`),
    })
  }
}
