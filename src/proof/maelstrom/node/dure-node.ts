import { embeddedStore } from '../../../engines/embedded/embedded-store.ts'
import { type EmbeddedNode, openNode } from '../../../engines/embedded/node.ts'
import type { NodeOptions } from '../../../engines/embedded/node-options.ts'
import { nodeId } from '../../../foundation/ids.ts'
import type { KeyValueStore } from '../../../ports/key-value/key-value-store.ts'
import type { Runtime } from '../../../runtime/runtime.ts'
import type { Body, Message } from '../protocol/message.ts'
import { isPeerMessage, MessageStreamNetwork } from './message-stream-network.ts'
import { serveRequest } from './serve-requests.ts'

export interface DureNodeOptions {
  /** Its clock, random, timers and disk; what is sent to peers goes through `write`. */
  readonly runtime: Runtime
  readonly openTables: NodeOptions['openTables']
  readonly raft?: NodeOptions['raft']
  /** Takes a line for standard output; false when too much waits to be written. */
  readonly write: (line: string) => boolean
  /** The node cannot be opened: its directory is damaged, or another's. */
  readonly onFailure: (error: Error) => void
}

/**
 * A member of a cluster of Dure that speaks Maelstrom's protocol: consensus between the nodes, and the workloads lin-kv,
 * txn-list-append and txn-rw-register for clients, at every node.
 *
 * ```ts
 * const node = new DureNode({ runtime, openTables, write: (line) => process.stdout.write(`${line}\n`), onFailure })
 * for await (const line of lines) node.receive(line)
 * ```
 */
export class DureNode {
  readonly #options: DureNodeOptions
  #self = ''
  #network: MessageStreamNetwork | undefined
  #node: EmbeddedNode | undefined
  #store: KeyValueStore | undefined
  #nextId = 1

  constructor(options: DureNodeOptions) {
    this.#options = options
  }

  receive(line: string): void {
    const message = JSON.parse(line) as Message
    if (isPeerMessage(message.body)) return this.#network?.receive(message.src, message.body)
    if (message.body.type === 'init') return this.#init(message)
    if (message.body.in_reply_to === undefined) void this.#serve(message)
  }

  /** Hands leadership over and closes its files. */
  close(done: () => void): void {
    if (this.#node === undefined) done()
    else this.#node.close(done)
  }

  #init(request: Message): void {
    const nodes = request.body.node_ids as readonly string[]
    const { runtime: given, openTables, raft, onFailure } = this.#options
    this.#self = request.body.node_id as string
    this.#network = new MessageStreamNetwork({
      self: this.#self,
      nodes,
      life: Math.round(given.clock.wallMs()),
      send: (dest, body) => this.#send(dest, body),
    })
    const runtime = onNetwork(given, this.#network)
    openNode(
      runtime,
      {
        clusterId: `maelstrom-${nodes.length}`,
        nodeId: nodeId(nodes.indexOf(this.#self) + 1),
        members: nodes.map((name, i) => ({ node: nodeId(i + 1), address: name })),
        // Whoever starts it keeps its directory between a kill and the next start, or begins a new cluster.
        initialize: true,
        foundsCluster: true,
        openTables,
        ...(raft !== undefined && { raft }),
      },
      (error, node) => {
        if (node === undefined) return onFailure(error!)
        this.#node = node
        this.#store = embeddedStore(runtime, node)
        this.#reply(request, { type: 'init_ok' })
      },
    )
  }

  async #serve(request: Message): Promise<void> {
    const answer =
      this.#store === undefined
        ? { type: 'error', code: 11, text: 'this node is not ready yet' }
        : await serveRequest(this.#store, this.#options.runtime, request.body)
    this.#reply(request, answer)
  }

  #reply({ src, body }: Message, answer: Body): void {
    if (body.msg_id !== undefined)
      this.#send(src, { ...answer, msg_id: this.#nextId++, in_reply_to: body.msg_id })
  }

  #send(dest: string, body: Body): boolean {
    return this.#options.write(JSON.stringify({ src: this.#self, dest, body }))
  }
}

function onNetwork(runtime: Runtime, network: MessageStreamNetwork): Runtime {
  return {
    network,
    clock: runtime.clock,
    random: runtime.random,
    disk: runtime.disk,
    timer: (delayMs, fire) => runtime.timer(delayMs, fire),
    soon: (run) => runtime.soon(run),
    abort: (reason) => runtime.abort(reason),
  }
}
