import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { freePorts } from '../../../fixture/free-ports.ts'
import { Hopeless, waitFor } from '../../../fixture/wait-for.ts'
import { DureError } from '../../../foundation/errors.ts'
import type {
  ClusterUnderTest,
  Cut,
  FaultKind,
  LinkDisturbance,
} from '../../../proof/chaos/nemesis/cluster-under-test.ts'
import type { Random } from '../../../runtime/random.ts'
import { EtcdProcess } from './etcd-process.ts'
import { Links } from './links.ts'
import { type MemberStatus, memberStatus } from './member-status.ts'
import { PeerProxy } from './peer-proxy.ts'

const START_TIMEOUT_MS = 30_000
/** One that comes back to a cluster without a majority does not serve; nobody waits for that. */
const RETURN_TIMEOUT_MS = 5_000
const STATUS_TIMEOUT_MS = 500

export interface LocalEtcdOptions {
  readonly nodes: number
  /** Of bad links. */
  readonly random: Random
  /** For logs: `node-1.log` and so on. */
  readonly logDirectory: string
  /** Told of what happened and nobody did, in a sentence. */
  readonly onSurprise: (described: string) => void
}

interface Member {
  readonly endpoint: string
  readonly process: EtcdProcess
}

/** Of the etcd that is installed; `ETCD` names another one. */
function findEtcd(): string | undefined {
  const named = process.env.ETCD
  if (named !== undefined) return named
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((directory) => join(directory, 'etcd'))
    .find(existsSync)
}

/**
 * A cluster of etcd on loopback that faults can be done to: its own processes by signals, and what its members say to
 * one another by proxies that they take for each other. Its data is in a temporary directory.
 *
 * ```ts
 * await using cluster = await LocalEtcd.start({ nodes: 3, random, logDirectory: '.', onSurprise: console.error })
 * await cluster.pause('1')
 * ```
 */
export class LocalEtcd implements ClusterUnderTest, AsyncDisposable {
  readonly abilities: ReadonlySet<FaultKind> = new Set<FaultKind>(['kill', 'pause', 'partition', 'packet'])
  /** TCP keeps what arrives twice to itself. */
  readonly disturbances: ReadonlySet<keyof LinkDisturbance> = new Set<keyof LinkDisturbance>([
    'lossProbability',
    'delayMs',
    'reorderProbability',
    'nodes',
  ])
  /** Between the members: for cuts and delays that no nemesis draws. */
  readonly links: Links
  readonly #data: string
  readonly #members = new Map<string, Member>()
  /** In the order of the nodes. */
  readonly #proxies: PeerProxy[] = []
  /** By member id. */
  readonly #names = new Map<string, string>()
  #closed: Promise<void> | undefined

  static async start(options: LocalEtcdOptions): Promise<LocalEtcd> {
    const program = findEtcd()
    if (program === undefined) {
      const advice = 'install it (apt-get install etcd-server), name it in ETCD, or say --endpoints'
      throw new DureError('invalid', `no etcd was found in PATH: ${advice}`)
    }
    const cluster = new LocalEtcd(options.random, await mkdtemp(join(tmpdir(), 'dure-test-etcd-')))
    try {
      await cluster.#start(program, options)
    } catch (cause) {
      await cluster[Symbol.asyncDispose]()
      const advice = `its logs are in ${options.logDirectory}`
      throw new DureError('unavailable', `etcd did not begin: ${(cause as Error).message}; ${advice}`, {
        cause,
      })
    }
    return cluster
  }

  private constructor(random: Random, data: string) {
    this.links = new Links(random)
    this.#data = data
  }

  get nodes(): readonly string[] {
    return [...this.#members.keys()]
  }

  /** In the order of `nodes`. */
  get endpoints(): readonly string[] {
    return [...this.#members.values()].map(({ endpoint }) => endpoint)
  }

  /** Of two that call themselves the leader, the one of the later term. */
  async leader(): Promise<string | undefined> {
    let found: MemberStatus | undefined
    for (const status of await this.#statuses()) {
      if (status.id === status.leaderId && status.term > (found?.term ?? 0)) found = status
    }
    return found === undefined ? undefined : this.#names.get(found.id)
  }

  async kill(node: string): Promise<void> {
    await this.#member(node).process.kill()
  }

  async start(node: string): Promise<void> {
    const { process, endpoint } = this.#member(node)
    if (process.state !== 'dead') return
    const served = await waitFor(`node ${node} to serve`, RETURN_TIMEOUT_MS, async () => {
      // It ends at once while somebody else has its port: a connection that is under way somewhere.
      if (this.#closed !== undefined) throw new Hopeless('the cluster was closed')
      process.start()
      return memberStatus(endpoint, STATUS_TIMEOUT_MS)
    }).catch(() => undefined)
    if (served === undefined && process.state === 'dead')
      throw new DureError('unavailable', `node ${node} did not start: node-${node}.log may say why`)
    process.served()
  }

  async pause(node: string): Promise<void> {
    this.#member(node).process.pause()
  }

  async resume(node: string): Promise<void> {
    this.#member(node).process.resume()
  }

  async cut(cuts: readonly Cut[]): Promise<void> {
    this.links.cut(cuts)
  }

  async disturb(disturbance: LinkDisturbance | undefined): Promise<void> {
    this.links.disturb(disturbance)
  }

  /** At once, and asked again it is the same: only processes that were started here. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#members.values()].map(({ process }) => process.kill()))
    await rm(this.#data, { recursive: true, force: true })
    await Promise.all(this.#proxies.map((proxy) => proxy[Symbol.asyncDispose]()))
  }

  async #start(program: string, { nodes, logDirectory, onSurprise }: LocalEtcdOptions): Promise<void> {
    const names = Array.from({ length: nodes }, (_, i) => String(i + 1))
    const nodeOf = (memberId: string) => this.#names.get(memberId)
    for (const node of names) {
      this.#proxies.push(await PeerProxy.before({ node, links: this.links, nodeOf }))
    }
    // After the proxies took theirs.
    const ports = await freePorts(2 * nodes)
    const everybody = names.map((node, i) => `${node}=http://127.0.0.1:${this.#proxies[i]!.port}`).join(',')
    for (const [i, node] of names.entries()) {
      const endpoint = `127.0.0.1:${ports[i]}`
      const args = [
        ...['--name', node, '--data-dir', join(this.#data, `node-${node}`)],
        ...['--listen-client-urls', `http://${endpoint}`, '--advertise-client-urls', `http://${endpoint}`],
        ...['--listen-peer-urls', `http://127.0.0.1:${ports[nodes + i]}`],
        ...['--initial-advertise-peer-urls', `http://127.0.0.1:${this.#proxies[i]!.port}`],
        ...['--initial-cluster', everybody, '--initial-cluster-state', 'new'],
        ...['--logger', 'zap'],
      ]
      const process = new EtcdProcess({
        program,
        args,
        logPath: join(logDirectory, `node-${node}.log`),
        onDeath: (ending) =>
          onSurprise(`node ${node} ended by itself (${ending}); node-${node}.log may say why`),
      })
      this.#proxies[i]!.behindPort = ports[nodes + i]!
      this.#members.set(node, { endpoint, process })
    }
    await Promise.all(names.map((node) => this.start(node)))
    await waitFor('a leader of etcd', START_TIMEOUT_MS, async () => {
      const statuses = await this.#statuses()
      const leaders = statuses.filter(({ id, leaderId }) => id === leaderId)
      return statuses.length === nodes && leaders.length === 1 ? true : undefined
    })
  }

  /** Of those that answer. */
  async #statuses(): Promise<readonly MemberStatus[]> {
    const asked = [...this.#members].map(async ([node, { endpoint, process }]) => {
      if (process.state !== 'running') throw new Error(`node ${node} is ${process.state}`)
      const status = await memberStatus(endpoint, STATUS_TIMEOUT_MS)
      this.#names.set(status.id, node)
      return status
    })
    const answers = await Promise.allSettled(asked)
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
  }

  #member(node: string): Member {
    const member = this.#members.get(node)
    if (member === undefined) throw new DureError('invalid', `there is no node ${node} of this etcd`)
    return member
  }
}
