import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePorts } from '../../bench/contenders/free-ports.ts'
import { waitFor } from '../../bench/contenders/wait-for.ts'
import { NodeProcess } from '../../src/cli/supervisor/node-process.ts'
import type { ClientStore } from '../../src/engines/client/client-store.ts'
import type { NodeStatus } from '../../src/engines/embedded/status.ts'
import { connectRemote } from '../../src/engines/remote/connect-remote.ts'

const PROGRAM = fileURLToPath(new URL('../../src/server/main.ts', import.meta.url))
// Nodes are started often here; most of a start is turning TypeScript into code.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(
  new URL('../../node_modules/.cache/compile', import.meta.url),
)

export const CLUSTER_ID = 'processes'
const WAIT_MS_MAX = 30_000
const STOP_TIMEOUT_MS = 10_000

export interface ClusterOptions {
  readonly nodeCount?: number
  /** Given to every node besides what it needs. */
  readonly args?: readonly string[]
  /** Another tree's `src/server/main.ts`. */
  readonly program?: string
  /** Where a node keeps its data, when not in the cluster's own directory. */
  readonly directoryOf?: (node: number) => string | undefined
}

/**
 * Real nodes: processes of the current Node on free ports of loopback, with their data in a directory of their own.
 *
 * ```ts
 * await using cluster = await ProcessCluster.start({ nodeCount: 3 })
 * await cluster.kill(await cluster.leader())
 * ```
 *
 * Leaving the scope kills what runs and removes the data.
 */
export class ProcessCluster implements AsyncDisposable {
  readonly addresses: readonly string[]
  readonly httpAddresses: readonly string[]
  readonly nodes: readonly number[]
  readonly #options: ClusterOptions
  readonly #directory = mkdtempSync(join(tmpdir(), 'dure-processes-'))
  readonly #processes: readonly NodeProcess[]
  /** Nodes that have served once: an empty directory is theirs no more. */
  readonly #known = new Set<number>()

  static async start(options: ClusterOptions = {}): Promise<ProcessCluster> {
    const cluster = await ProcessCluster.prepare(options)
    try {
      await Promise.all(cluster.nodes.map((node) => cluster.start(node)))
      await cluster.leader()
    } catch (error) {
      await cluster[Symbol.asyncDispose]()
      throw error
    }
    return cluster
  }

  /** Ports and a directory, and no process yet. */
  static async prepare(options: ClusterOptions = {}): Promise<ProcessCluster> {
    return new ProcessCluster(options, await freePorts(2 * (options.nodeCount ?? 3)))
  }

  private constructor(options: ClusterOptions, ports: readonly number[]) {
    this.#options = options
    const count = ports.length / 2
    this.nodes = Array.from({ length: count }, (_, i) => i + 1)
    this.addresses = ports.slice(0, count).map((port) => `127.0.0.1:${port}`)
    this.httpAddresses = ports.slice(count).map((port) => `127.0.0.1:${port}`)
    this.#processes = this.nodes.map(
      (node) =>
        new NodeProcess({
          node,
          command: () => ({ file: process.execPath, args: this.argsOf(node) }),
          logPath: join(this.#directory, `node-${node}.log`),
          onDeath: () => {},
        }),
    )
  }

  directoryOf(node: number): string {
    return this.#options.directoryOf?.(node) ?? join(this.#directory, `node-${node}`)
  }

  /** What the process of this node is started with; later options replace earlier ones. */
  argsOf(node: number): string[] {
    return [
      this.#options.program ?? PROGRAM,
      ...['--node-id', String(node)],
      ...['--cluster-id', CLUSTER_ID],
      ...['--directory', this.directoryOf(node)],
      ...['--members', this.addresses.map((address, i) => `${i + 1}=${address}`).join(',')],
      ...['--http', this.httpAddresses[node - 1]!],
      '--allow-faults',
      '--end-with-stdin',
      ...(this.#known.has(node) ? [] : ['--initialize']),
      ...(this.#options.args ?? []),
    ]
  }

  async start(node: number): Promise<void> {
    mkdirSync(this.#directory, { recursive: true })
    await this.#process(node).start()
    this.#known.add(node)
  }

  kill(node: number): Promise<void> {
    return this.#process(node).kill()
  }

  pause(node: number): void {
    this.#process(node).pause()
  }

  resume(node: number): void {
    this.#process(node).resume()
  }

  /** SIGTERM. */
  stop(node: number): Promise<void> {
    return this.#process(node).stop(STOP_TIMEOUT_MS)
  }

  isRunning(node: number): boolean {
    return this.#process(node).info.state === 'running'
  }

  /** How its last process ended; null while one runs. */
  endingOf(node: number): string | null {
    return this.#process(node).info.ending
  }

  /** Resolves once its process is gone. */
  async ended(node: number): Promise<void> {
    await waitFor(`node ${node} to end`, WAIT_MS_MAX, async () =>
      this.#process(node).info.state === 'dead' ? true : undefined,
    )
  }

  logOf(node: number): string {
    return readFileSync(join(this.#directory, `node-${node}.log`), 'utf8')
  }

  /** The node that leads in the latest term, as far as those that answer know; waits until there is one. */
  leader(among: readonly number[] = this.nodes): Promise<number> {
    return waitFor('a leader', WAIT_MS_MAX, async () => {
      const found = await Promise.allSettled(among.map((node) => this.status(node)))
      const statuses = found.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
      const leaders = statuses.filter(({ state }) => state === 'leader').sort((a, b) => b.term - a.term)
      return leaders[0]?.node_id
    })
  }

  /** Resolves once one of these leads in a later term. */
  async electedAfter(term: number, among: readonly number[]): Promise<void> {
    await waitFor(`a leader after term ${term}`, WAIT_MS_MAX, async () => {
      const statuses = await Promise.all(among.map((node) => this.status(node)))
      return statuses.some((status) => status.state === 'leader' && status.term > term) ? true : undefined
    })
  }

  async status(node: number): Promise<NodeStatus> {
    return (await (await this.fetch(node, '/status')).json()) as NodeStatus
  }

  fetch(node: number, path: string, init: RequestInit = {}): Promise<Response> {
    const url = `http://${this.httpAddresses[node - 1]}${path}`
    return fetch(url, { signal: AbortSignal.timeout(5_000), ...init })
  }

  async setFaults(node: number, faults: Readonly<Record<string, unknown>>): Promise<void> {
    const response = await this.fetch(node, '/v1/faults', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(faults),
    })
    if (!response.ok)
      throw new Error(`node ${node} refused ${JSON.stringify(faults)}: ${await response.text()}`)
  }

  /** Nodes of different groups neither hear nor reach one another. */
  async partition(...groups: readonly (readonly number[])[]): Promise<void> {
    for (const group of groups) {
      const block = this.nodes.filter((node) => !group.includes(node))
      for (const node of group) await this.setFaults(node, { block })
    }
  }

  async heal(): Promise<void> {
    for (const node of this.nodes) await this.fetch(node, '/v1/faults', { method: 'DELETE' })
  }

  /** A client of the whole cluster, or of one node alone. */
  connect(node?: number): Promise<ClientStore> {
    if (node === undefined) return connectRemote({ addresses: this.addresses, clusterId: CLUSTER_ID })
    return connectRemote({ addresses: [this.addresses[node - 1]!], clusterId: CLUSTER_ID, pinned: true })
  }

  /** Resolves once all nodes have applied the same, at one moment at which nothing is written. */
  async agreed(): Promise<void> {
    await waitFor('all nodes to have applied the same', WAIT_MS_MAX, async () => {
      const statuses = await Promise.all(this.nodes.map((node) => this.status(node)))
      const [first] = statuses
      const isSame = statuses.every(
        ({ applied_index, last_index }) =>
          applied_index === first!.applied_index && last_index === first!.last_index,
      )
      return isSame ? true : undefined
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      this.#processes.map((process) => (process.info.state === 'dead' ? undefined : process.kill())),
    )
    rmSync(this.#directory, { recursive: true, force: true })
  }

  #process(node: number): NodeProcess {
    const found = this.#processes[node - 1]
    if (found === undefined) throw new Error(`there is no node ${node}, only ${this.nodes.join(', ')}`)
    return found
  }
}
