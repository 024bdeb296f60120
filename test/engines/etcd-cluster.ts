import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { findEtcdLeader } from '../../bench/contenders/etcd/etcd-client.ts'
import { ServerProcess } from '../../bench/contenders/server-process.ts'
import { etcd } from '../../src/engines/etcd/etcd.ts'
import type { EtcdOptions } from '../../src/engines/etcd/options.ts'
import { freePorts } from '../../src/fixture/free-ports.ts'
import { pause } from '../../src/fixture/wait-for.ts'
import type { KeyValueStore } from '../../src/ports/key-value/key-value-store.ts'
import { EtcdAdmin } from './etcd-admin.ts'

const START_TIMEOUT_MS = 30_000

/** The servers to test with: `ETCD` names one or more, separated like PATH; else the one that is installed. */
export const etcdPrograms: readonly string[] = findPrograms()

/**
 * Tests of an outside engine take minutes, so they run for those who ask: by naming servers in `ETCD`, or with
 * `DURE_REQUIRE_ENGINES` for the one that is installed, where a missing one is a failure. Otherwise they are left out, which is said.
 */
export function requireEtcd(): boolean {
  const isRequired = process.env.DURE_REQUIRE_ENGINES !== undefined
  if (isRequired && etcdPrograms.length === 0) {
    throw new Error(
      'no etcd was found in PATH: install one (apt-get install etcd-server), or name it in ETCD',
    )
  }
  if (isRequired || (process.env.ETCD ?? '') !== '') return true
  console.log(
    'left out: the tests of the etcd engine; DURE_REQUIRE_ENGINES=1 npm test -- test/engines runs them',
  )
  return false
}

function findPrograms(): string[] {
  const named = (process.env.ETCD ?? '').split(delimiter).filter((path) => path !== '')
  if (named.length > 0) return named
  const directories = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/local/bin']
  const found = directories.map((directory) => join(directory, 'etcd')).find(existsSync)
  return found === undefined ? [] : [found]
}

/** Certificates of the cluster; see `certificates.ts`. */
export interface ServerTls {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** A cluster of etcd on loopback, with data of its own. */
export class EtcdCluster implements AsyncDisposable {
  readonly #program: string
  readonly #directory = mkdtempSync(join(tmpdir(), 'dure-etcd-'))
  readonly #members: { readonly args: readonly string[]; process: ServerProcess }[] = []
  #ports: readonly number[] = []
  readonly #size: number
  readonly #extra: readonly string[]
  readonly #tls: ServerTls | undefined

  constructor(options: {
    readonly program: string
    readonly size?: number
    readonly args?: readonly string[]
    readonly tls?: ServerTls
  }) {
    this.#program = options.program
    this.#size = options.size ?? 1
    this.#extra = options.args ?? []
    this.#tls = options.tls
  }

  get endpoints(): readonly string[] {
    return this.#ports.slice(0, this.#size).map((port) => `127.0.0.1:${port}`)
  }

  /** What the program says of itself. */
  get version(): string {
    return execFileSync(this.#program, ['--version'], { encoding: 'utf8' })
  }

  pid(member: number): number {
    return this.#members[member]!.process.pid
  }

  /** With what a client needs to be let in. */
  async start(options: Partial<EtcdOptions> = {}): Promise<void> {
    this.#ports = await freePorts(this.#size * 2)
    for (let member = 0; member < this.#size; member++) {
      const args = this.#argsOf(member, 'one')
      this.#members.push({ args, process: this.#spawn(member, args) })
    }
    await this.ready(options)
  }

  /** Waits until a strong read is answered; for a cluster that asks clients for credentials, with those. */
  async ready(options: Partial<EtcdOptions> = {}): Promise<void> {
    await using store = await etcd({ endpoints: this.endpoints, ...options }).open()
    try {
      await store.cursor({ timeoutMs: START_TIMEOUT_MS })
    } catch (cause) {
      const output = this.#members.map(({ process }) => process.lastOutput).join('\n')
      throw new Error(`etcd did not start; it wrote:\n${output}`, { cause })
    }
  }

  /** One more member, which is told everything and has no vote. Answers with its endpoint, where it is not waited for. */
  async addLearner(): Promise<string> {
    const [clientPort, peerPort] = await freePorts(2)
    const peerUrl = `http://127.0.0.1:${peerPort}`
    await new EtcdAdmin(this.endpoints[0]!).addLearner(peerUrl)
    const member = this.#members.length
    const args = this.#argsFor({
      ...{ member, clientPort: clientPort!, peerUrl, state: 'existing', token: 'one' },
      peerUrls: [...this.#peerUrls, peerUrl],
    })
    this.#members.push({ args, process: this.#spawn(member, args) })
    return `127.0.0.1:${clientPort}`
  }

  async leader(): Promise<number> {
    return (await findEtcdLeader(this.endpoints)).node
  }

  /** `kill -9` of the leader, and its return after a new one was found. */
  async killLeader(): Promise<void> {
    const leader = await this.leader()
    this.kill(leader)
    if (this.#size > 1) await this.ready()
    await pause(500)
    await this.restart(leader)
    await this.ready()
  }

  kill(member: number): void {
    this.#members[member]!.process.kill()
  }

  /** After a kill. `wiped`: with an empty directory; `token`: as a cluster of another id. */
  async restart(
    member: number,
    options: { readonly wiped?: boolean; readonly token?: string } = {},
  ): Promise<void> {
    const entry = this.#members[member]!
    await entry.process.exited
    if (options.wiped === true) rmSync(this.#directoryOf(member), { recursive: true, force: true })
    entry.process = this.#spawn(
      member,
      options.token === undefined ? entry.args : this.#argsOf(member, options.token),
    )
  }

  stop(member: number): void {
    process.kill(this.pid(member), 'SIGSTOP')
  }

  go(member: number): void {
    process.kill(this.pid(member), 'SIGCONT')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { process } of this.#members) process.kill()
    await Promise.all(this.#members.map(({ process }) => process.exited))
    rmSync(this.#directory, { recursive: true, force: true })
  }

  get #peerUrls(): readonly string[] {
    return this.#ports.slice(this.#size).map((port) => `http://127.0.0.1:${port}`)
  }

  #argsOf(member: number, token: string): readonly string[] {
    const peerUrls = this.#peerUrls
    const peerUrl = peerUrls[member]!
    return this.#argsFor({ member, clientPort: this.#ports[member]!, peerUrl, peerUrls, state: 'new', token })
  }

  #argsFor(options: {
    readonly member: number
    readonly clientPort: number
    readonly peerUrl: string
    /** Of all members. */
    readonly peerUrls: readonly string[]
    readonly state: 'new' | 'existing'
    readonly token: string
  }): readonly string[] {
    const { member, clientPort, peerUrl, peerUrls, state, token } = options
    const tls = this.#tls
    const clientUrl = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${clientPort}`
    return [
      ...['--name', `member${member}`, '--data-dir', this.#directoryOf(member)],
      ...['--listen-client-urls', clientUrl, '--advertise-client-urls', clientUrl],
      ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
      ...['--initial-cluster', peerUrls.map((url, i) => `member${i}=${url}`).join(',')],
      ...['--initial-cluster-state', state, '--initial-cluster-token', token],
      ...['--logger', 'zap', '--log-level', 'error'],
      ...(tls === undefined
        ? []
        : [
            '--client-cert-auth',
            '--trusted-ca-file',
            tls.ca,
            '--cert-file',
            tls.cert,
            '--key-file',
            tls.key,
          ]),
      ...this.#extra,
    ]
  }

  #directoryOf(member: number): string {
    return join(this.#directory, `member${member}`)
  }

  #spawn(member: number, args: readonly string[]): ServerProcess {
    return new ServerProcess({
      program: this.#program,
      args,
      logPath: join(this.#directory, `member${member}.log`),
    })
  }
}

/** A store for the time of a test. */
export const openStore = (cluster: EtcdCluster, options: Partial<EtcdOptions> = {}): Promise<KeyValueStore> =>
  etcd({ endpoints: cluster.endpoints, ...options }).open()

/** Asks until it is so. */
export async function eventually(
  what: string,
  isSo: () => Promise<boolean> | boolean,
  withinMs = 20_000,
): Promise<void> {
  const deadline = performance.now() + withinMs
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`)
    await pause(20)
  }
}
