import { type Endpoint, endpoint, type Network, type SendOutcome } from '../../../runtime/network.ts'
import type { Body } from '../protocol/message.ts'

export interface MessageStreamOptions {
  readonly self: string
  /** All nodes, in the order that all of them were told: the first is member 1. */
  readonly nodes: readonly string[]
  /** Of this life of the node: greater than that of every earlier one. */
  readonly life: number
  /** `false`: too much waits to be written. */
  readonly send: (dest: string, body: Body) => boolean
}

/** The type of the messages between our nodes. */
const PEER_MESSAGE = 'dure'

/**
 * The network of a node whose only connection to the world is a stream of messages of Maelstrom's protocol.
 *
 * ```json
 * {"src": "n1", "dest": "n2", "body": {"type": "dure", "from_life": 17, "to_life": 12, "bytes": "…"}}
 * ```
 *
 * Engines count on what a connection gives: that what was in flight is lost when the other end starts anew, and that they
 * are told. So each life of a node has a number, messages say which life they are for, and one for an earlier life is
 * dropped; an empty one in answer tells the sender which life there is now.
 */
export class MessageStreamNetwork implements Network {
  readonly #options: MessageStreamOptions
  readonly #lives = new Map<string, number>()
  readonly #ids: ReadonlyMap<string, Endpoint>
  #onMessage: (from: Endpoint, message: Uint8Array) => void = () => {}
  #onDisconnect: (from: Endpoint) => void = () => {}

  constructor(options: MessageStreamOptions) {
    this.#options = options
    this.#ids = new Map(options.nodes.map((node, i) => [node, endpoint(i + 1)]))
    for (const node of options.nodes) if (node !== options.self) this.#greet(node)
  }

  /** A message of type `dure` that another node sent. */
  receive(src: string, body: Body): void {
    const from = this.#ids.get(src)
    const { from_life: fromLife, to_life: toLife, bytes } = body
    if (from === undefined || typeof fromLife !== 'number' || typeof bytes !== 'string') return
    const known = this.#lives.get(src)
    if (known !== undefined && fromLife < known) return
    this.#lives.set(src, fromLife)
    if (known !== undefined && fromLife > known) this.#onDisconnect(from)
    if (toLife !== this.#options.life) this.#greet(src)
    if (toLife !== 0 && toLife !== this.#options.life) return
    if (bytes !== '') this.#onMessage(from, new Uint8Array(Buffer.from(bytes, 'base64')))
  }

  onMessage(handler: (from: Endpoint, message: Uint8Array) => void): void {
    this.#onMessage = handler
  }

  onDisconnect(handler: (from: Endpoint) => void): void {
    this.#onDisconnect = handler
  }

  send(to: Endpoint, message: Uint8Array): SendOutcome {
    const dest = this.#options.nodes[to - 1]
    if (dest === undefined) return 'unreachable'
    const { buffer, byteOffset, byteLength } = message
    return this.#send(dest, Buffer.from(buffer, byteOffset, byteLength).toString('base64'))
      ? 'accepted'
      : 'full'
  }

  /** Nobody connects to a stream but who is at its other end. */
  connect(): Endpoint {
    throw new Error('a node on a stream of messages has no other connections')
  }

  disconnect(): void {}

  setPeers(): void {}

  /** Once it was heard of: nobody says when it is not there any more. */
  isReachable(to: Endpoint): boolean {
    return this.#lives.has(this.#options.nodes[to - 1] ?? '')
  }

  #greet(dest: string): void {
    this.#send(dest, '')
  }

  #send(dest: string, bytes: string): boolean {
    const { life, send } = this.#options
    return send(dest, { type: PEER_MESSAGE, from_life: life, to_life: this.#lives.get(dest) ?? 0, bytes })
  }
}

export const isPeerMessage = (body: Body): boolean => body.type === PEER_MESSAGE
