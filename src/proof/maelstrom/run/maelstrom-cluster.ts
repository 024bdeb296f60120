import type { Runtime } from '../../../runtime/runtime.ts'
import type {
  ClusterUnderTest,
  Cut,
  FaultKind,
  LinkDisturbance,
} from '../../chaos/nemesis/cluster-under-test.ts'
import type { Rpc } from '../client/rpc.ts'
import { MalformedReply, RpcError } from '../client/rpc.ts'
import { RpcClient } from '../client/rpc-client.ts'
import type { MessageNetwork } from '../network/message-network.ts'
import { MalformedMessage } from '../protocol/malformed-message.ts'
import { type Message, parseMessage } from '../protocol/message.ts'
import type { NodeCall } from '../workloads/maelstrom-workload.ts'
import { rpc } from '../workloads/replies.ts'
import type { LaunchedNode, NodeLauncher } from './node-launcher.ts'

export interface MaelstromClusterOptions {
  readonly nodes: readonly string[]
  readonly launcher: NodeLauncher
  readonly network: MessageNetwork
  /** What each node is told after `init`. */
  readonly greet?: ((call: NodeCall) => Promise<unknown>) | undefined
  /** A node broke the protocol, or ended by itself: the test is over. */
  readonly onProblem: (problem: NodeProblem) => void
}

/** What a node did that no program under test may do. */
export interface NodeProblem {
  readonly node: string
  readonly kind: 'not-a-message' | 'wrong-answer' | 'ended' | 'no-init' | 'unknown-destination'
  /** What it did, in a sentence. */
  readonly message: string
  /** What it wrote and what was expected, in lines; empty where there is no more to say. */
  readonly details: string
}

/** Programs start slowly on a busy machine. */
const INIT_TIMEOUT_MS = 20_000

const initRpc = rpc('init', {})

/**
 * The programs under test as nodes of a network: started, told who they are, killed and paused.
 *
 * ```ts
 * const cluster = new MaelstromCluster(runtime, { nodes: ['n1', 'n2'], launcher, network, onProblem })
 * await cluster.startAll()
 * ```
 *
 * A node that is down hears nothing; what is sent to it is lost. What a paused node is sent waits for it.
 */
export class MaelstromCluster implements ClusterUnderTest {
  readonly nodes: readonly string[]
  readonly abilities: ReadonlySet<FaultKind> = new Set(['kill', 'pause', 'partition', 'packet'])
  readonly #options: MaelstromClusterOptions
  readonly #greeter: RpcClient
  /** Those that run. */
  readonly #running = new Map<string, Life>()

  constructor(runtime: Runtime, options: MaelstromClusterOptions) {
    this.#options = options
    this.nodes = options.nodes
    this.#greeter = new RpcClient(runtime, options.network, 'c0')
    for (const node of options.nodes) {
      options.network.attach(node, 'node', (message) => this.#deliver(node, message))
    }
  }

  /** Each is up and knows who it is, or `onProblem` was told. */
  async startAll(): Promise<void> {
    await Promise.allSettled(this.nodes.map((node) => this.start(node)))
  }

  async stopAll(): Promise<void> {
    const lives = [...this.#running.values()]
    this.#running.clear()
    await Promise.all(lives.map(({ launched }) => launched.stop()))
  }

  // What is done to nodes by a nemesis.

  async leader(): Promise<undefined> {
    return undefined
  }

  async start(node: string): Promise<void> {
    const life: Life = {
      isInitialized: false,
      launched: this.#options.launcher.start(node, {
        line: (text) => this.#heard(node, life, text),
        ended: (how, lastWords) => this.#ended(node, life, how, lastWords),
      }),
    }
    this.#running.set(node, life)
    try {
      await this.#ask(node, initRpc, { node_id: node, node_ids: this.nodes })
      life.isInitialized = true
      await this.#options.greet?.((rpc, body) => this.#ask(node, rpc, body))
    } catch (error) {
      if (this.#running.get(node) !== life) return
      const because =
        error instanceof RpcError || error instanceof MalformedReply ? error.message : String(error)
      const hint = life.isInitialized ? '' : '. Does it read lines from stdin, and flush what it writes?'
      this.#tell(
        node,
        'no-init',
        `${node} was not ready after its start: ${because}${hint}`,
        error instanceof MalformedReply ? error.details : '',
      )
    }
  }

  async kill(node: string): Promise<void> {
    const life = this.#running.get(node)
    this.#running.delete(node)
    await life?.launched.kill()
  }

  async pause(node: string): Promise<void> {
    this.#running.get(node)?.launched.pause()
  }

  async resume(node: string): Promise<void> {
    this.#running.get(node)?.launched.resume()
  }

  async cut(cuts: readonly Cut[]): Promise<void> {
    this.#options.network.cut(cuts)
  }

  async disturb(disturbance: LinkDisturbance | undefined): Promise<void> {
    this.#options.network.disturb(disturbance)
  }

  // What they say and hear.

  #deliver(node: string, message: Message): void {
    const life = this.#running.get(node)
    // Until it knows who it is nobody but the one who tells it can reach it.
    if (life !== undefined && (life.isInitialized || message.src === this.#greeter.name))
      life.launched.write(JSON.stringify(message))
  }

  #heard(node: string, life: Life, line: string): void {
    if (this.#running.get(node) !== life) return
    try {
      const message = parseMessage(line, node)
      if (this.#options.network.send(message) === 'nobody') this.#sentToNobody(node, message)
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error
      this.#tell(node, 'not-a-message', error.message, error.details)
    }
  }

  #sentToNobody(node: string, message: Message): void {
    const { dest, body } = message
    if (body.msg_id !== undefined) {
      const text = `there is no node ${dest}`
      const answer = { type: 'error', code: 1, text, in_reply_to: body.msg_id }
      return this.#deliver(node, { src: dest, dest: node, body: answer })
    }
    const known = `nodes are ${this.nodes.join(', ')}, services lin-kv, seq-kv, lww-kv, lin-tso`
    this.#tell(
      node,
      'unknown-destination',
      `${node} sent a message to ${JSON.stringify(dest)}, and there is nobody of that name: ${known}.`,
      `  it wrote   ${JSON.stringify(message)}`,
    )
  }

  #ended(node: string, life: Life, how: string, lastWords: string): void {
    if (this.#running.get(node) !== life) return
    this.#running.delete(node)
    this.#tell(node, 'ended', `${node} ended ${how}: it should run until its standard input ends.`, lastWords)
  }

  #tell(node: string, kind: NodeProblem['kind'], message: string, details = ''): void {
    this.#options.onProblem({ node, kind, message, details })
  }

  #ask<Reply>(node: string, rpc: Rpc<Reply>, body: Readonly<Record<string, unknown>>): Promise<Reply> {
    return this.#greeter.call(rpc, node, body, INIT_TIMEOUT_MS)
  }
}

/** From one start to its end. */
interface Life {
  readonly launched: LaunchedNode
  isInitialized: boolean
}
