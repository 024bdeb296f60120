import type { Runtime, Timer } from '../../../runtime/runtime.ts'
import type { MessageNetwork } from '../network/message-network.ts'
import { errorOf } from '../protocol/error-code.ts'
import type { Body, Message } from '../protocol/message.ts'
import { MalformedReply, type Rpc, RpcError } from './rpc.ts'

/**
 * A client of the network: asks a node, and waits for what it answers.
 *
 * ```ts
 * const client = new RpcClient(runtime, network, 'c1')
 * const { value } = await client.call(readRpc, 'n1', { key: 3 }, 1_000)
 * ```
 *
 * Throws an `RpcError` when the node refused or did not answer in time, and a `MalformedReply` when its answer has not the
 * form that was asked for. Answers that come later are passed over.
 */
export class RpcClient {
  readonly name: string
  readonly #runtime: Runtime
  readonly #network: MessageNetwork
  readonly #waiting = new Map<number, (body: Body) => void>()
  #nextId = 1

  constructor(runtime: Runtime, network: MessageNetwork, name: string) {
    this.name = name
    this.#runtime = runtime
    this.#network = network
    network.attach(name, 'client', ({ body }) => {
      const id = body.in_reply_to
      if (typeof id === 'number') this.#waiting.get(id)?.(body)
    })
  }

  async call<Reply>(
    rpc: Rpc<Reply>,
    dest: string,
    body: Readonly<Record<string, unknown>>,
    timeoutMs: number,
  ): Promise<Reply> {
    const id = this.#nextId++
    const request: Message = { src: this.name, dest, body: { type: rpc.type, ...body, msg_id: id } }
    const answer = await this.#ask(id, request, timeoutMs)
    if (answer.type === 'error') {
      const { name, isDefinite } = errorOf(answer.code)
      throw new RpcError(name, isDefinite, typeof answer.text === 'string' ? answer.text : '')
    }
    const parsed = rpc.reply.safeParse(answer)
    if (parsed.success) return parsed.data
    const [issue] = parsed.error.issues
    const where = issue!.path.length === 0 ? 'it' : `"${issue!.path.join('.')}"`
    throw new MalformedReply(rpc, request, answer, `${where}: ${issue!.message}`)
  }

  /** Nothing is heard any more. */
  close(): void {
    this.#network.detach(this.name)
    this.#waiting.clear()
  }

  #ask(id: number, request: Message, timeoutMs: number): Promise<Body> {
    return new Promise((resolve, reject) => {
      let timer: Timer | undefined
      this.#waiting.set(id, (body) => {
        this.#waiting.delete(id)
        timer?.cancel()
        resolve(body)
      })
      timer = this.#runtime.timer(timeoutMs, () => {
        this.#waiting.delete(id)
        reject(new RpcError('timeout', false, `${request.dest} did not answer within ${timeoutMs} ms`))
      })
      if (this.#network.send(request) === 'nobody') {
        this.#waiting.delete(id)
        timer.cancel()
        reject(new RpcError('node-not-found', true, `there is no node ${request.dest}`))
      }
    })
  }
}
