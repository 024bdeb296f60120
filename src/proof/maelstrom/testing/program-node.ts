import type { Random } from '../../../runtime/random.ts'
import type { Runtime } from '../../../runtime/runtime.ts'
import type { Body, Message } from '../protocol/message.ts'

/** What a program has of the world. */
export interface ProgramWorld {
  readonly random: Random
  readonly timer: Runtime['timer']
  write(line: string): void
}

/** A program: what it does with a node. Some can be made wrong. */
export type Program = (node: ProgramNode, isWrong: boolean) => void

const RPC_TIMEOUT_MS = 800

/**
 * A node that speaks the protocol, on any clock: in this thread in tests, and as a process of its own.
 *
 * ```ts
 * node.on('echo', ({ body }) => ({ type: 'echo_ok', echo: body.echo }))
 * ```
 */
export class ProgramNode {
  id = ''
  ids: readonly string[] = []
  readonly world: ProgramWorld
  readonly #handlers = new Map<string, (request: Message) => Body | undefined | Promise<Body>>()
  readonly #waiting = new Map<number, (body: Body) => void>()
  #nextId = 1

  constructor(world: ProgramWorld) {
    this.world = world
    this.on('init', ({ body }) => {
      this.id = body.node_id as string
      this.ids = body.node_ids as string[]
      return { type: 'init_ok' }
    })
  }

  get others(): readonly string[] {
    return this.ids.filter((node) => node !== this.id)
  }

  /** What is returned answers the request; an error that is thrown does so as `crash`, or with its own code. */
  on(type: string, handler: (request: Message) => Body | undefined | Promise<Body>): void {
    this.#handlers.set(type, handler)
  }

  receive(line: string): void {
    const message = JSON.parse(line) as Message
    const { body } = message
    if (body.in_reply_to !== undefined) return this.#waiting.get(body.in_reply_to as number)?.(body)
    void this.#handle(message)
  }

  send(dest: string, body: Body): void {
    this.world.write(JSON.stringify({ src: this.id, dest, body }))
  }

  /** Throws a `ProgramError` for an answer that is one, and when none comes in time. */
  rpc(dest: string, body: Body): Promise<Body> {
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      const timer = this.world.timer(RPC_TIMEOUT_MS, () => {
        this.#waiting.delete(id)
        reject(new ProgramError(0, `${dest} did not answer`))
      })
      this.#waiting.set(id, (answer) => {
        this.#waiting.delete(id)
        timer.cancel()
        if (answer.type === 'error') reject(new ProgramError(answer.code as number, String(answer.text)))
        else resolve(answer)
      })
      this.send(dest, { ...body, msg_id: id })
    })
  }

  every(intervalMs: number, run: () => void): void {
    this.world.timer(intervalMs, () => {
      run()
      this.every(intervalMs, run)
    })
  }

  async #handle(request: Message): Promise<void> {
    const answer = await this.#answer(request)
    if (answer !== undefined && request.body.msg_id !== undefined)
      this.send(request.src, { ...answer, in_reply_to: request.body.msg_id })
  }

  async #answer(request: Message): Promise<Body | undefined> {
    const handler = this.#handlers.get(String(request.body.type))
    if (handler === undefined)
      return { type: 'error', code: 10, text: `${request.body.type} is not known here` }
    try {
      return await handler(request)
    } catch (error) {
      const code = error instanceof ProgramError ? error.code : 13
      return { type: 'error', code, text: (error as Error).message }
    }
  }
}

export class ProgramError extends Error {
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}
