import { existsSync, mkdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { freePorts } from '../../../src/fixture/free-ports.ts'
import { waitFor } from '../../../src/fixture/wait-for.ts'
import type { Contender, Leader, RetryingClient, Target } from '../contender.ts'
import { ServerProcess } from '../server-process.ts'
import { etcdStatus, findEtcdLeader, readEtcd } from './etcd-client.ts'
import { EtcdRetryingClient } from './etcd-retrying-client.ts'

const NODES = 3
const CAUGHT_UP_TIMEOUT_MS = 60_000
const STOP_TIMEOUT_MS = 5_000
/** etcd's default of 2 GB is reached in a few minutes of writing; 8 GB is the largest it recommends. */
const QUOTA_BYTES = 8 * 2 ** 30

/** Where etcd's server is installed; undefined when it is not. */
export function findEtcd(): string | undefined {
  const directories = (process.env.PATH ?? '').split(delimiter)
  return [...directories, '/usr/bin', '/usr/local/bin']
    .map((directory) => join(directory, 'etcd'))
    .find(existsSync)
}

/** Three members of etcd on this machine, everything but addresses, directories and the quota left at its default. */
export class EtcdContender implements Contender {
  readonly name = 'etcd'
  readonly #program: string
  readonly #directory: string
  readonly #connections: number
  #nodes: { readonly args: readonly string[]; process: ServerProcess }[] = []
  #addresses: readonly string[] = []

  constructor(options: {
    readonly program: string
    readonly directory: string
    readonly connections: number
  }) {
    this.#program = options.program
    this.#directory = options.directory
    this.#connections = options.connections
  }

  get target(): Target {
    return { name: this.name, addresses: this.#addresses, connections: this.#connections }
  }

  get pids(): readonly number[] {
    return this.#nodes.filter(({ process }) => process.isRunning).map(({ process }) => process.pid)
  }

  async start(): Promise<void> {
    mkdirSync(this.#directory, { recursive: true })
    const ports = await freePorts(NODES * 2)
    const clientUrls = ports.slice(0, NODES).map((port) => `http://127.0.0.1:${port}`)
    const peerUrls = ports.slice(NODES).map((port) => `http://127.0.0.1:${port}`)
    const members = peerUrls.map((url, node) => `node${node}=${url}`).join(',')
    this.#addresses = clientUrls.map((url) => new URL(url).host)
    for (let node = 0; node < NODES; node++) {
      const args = [
        ...['--name', `node${node}`],
        ...['--data-dir', join(this.#directory, `node${node}`)],
        ...['--listen-client-urls', clientUrls[node]!, '--advertise-client-urls', clientUrls[node]!],
        ...['--listen-peer-urls', peerUrls[node]!, '--initial-advertise-peer-urls', peerUrls[node]!],
        ...['--initial-cluster', members, '--initial-cluster-state', 'new'],
        ...['--initial-cluster-token', 'dure-bench'],
        ...['--quota-backend-bytes', String(QUOTA_BYTES)],
        ...['--logger', 'zap', '--log-level', 'warn'],
      ]
      this.#nodes.push({ args, process: this.#spawn(node, args) })
    }
    await this.leader()
    for (let node = 0; node < NODES; node++) await this.caughtUp(node)
  }

  async leader(): Promise<Leader> {
    try {
      return await findEtcdLeader(this.#addresses)
    } catch (cause) {
      const output = this.#nodes.map(({ process }) => process.lastOutput).join('\n')
      throw new Error(`etcd has no leader; its nodes wrote:\n${output}`, { cause })
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
    const { raftIndex } = await etcdStatus(this.#addresses[leader.node]!)
    await waitFor(`node${node} of etcd to catch up`, CAUGHT_UP_TIMEOUT_MS, async () => {
      const { appliedIndex } = await etcdStatus(this.#addresses[node]!)
      return appliedIndex >= raftIndex ? true : undefined
    })
  }

  async readFrom(node: number, key: Uint8Array): Promise<boolean> {
    return readEtcd(this.#addresses[node]!, key)
  }

  /** etcd keeps its log as files of 64 MB and does not tell how much of them is in use. */
  async logBytes(): Promise<undefined> {
    return undefined
  }

  async connectRetrying(): Promise<RetryingClient> {
    return new EtcdRetryingClient(this.#addresses)
  }

  async stop(): Promise<void> {
    await Promise.all(this.#nodes.map(({ process }) => process.stop(STOP_TIMEOUT_MS)))
  }

  #spawn(node: number, args: readonly string[]): ServerProcess {
    return new ServerProcess({
      program: this.#program,
      args,
      logPath: join(this.#directory, `node${node}.log`),
    })
  }
}
