import type { DiskFile, Endpoint, Runtime } from '../../src/sim.ts'

interface Request {
  readonly id: number
  readonly kind: 'increment' | 'read'
}

interface Answer {
  readonly id: number
  readonly value: number
}

const encode = (message: Request | Answer): Uint8Array => new TextEncoder().encode(JSON.stringify(message))
const decode = <Message>(bytes: Uint8Array): Message => JSON.parse(new TextDecoder().decode(bytes))

/** Counts, and keeps the count in a file: the value, and the last request that changed it. */
export class CounterServer {
  readonly #runtime: Runtime
  readonly #save: 'write' | 'writeSynced'
  #file: DiskFile | undefined
  #value = 0
  #lastId = 0

  constructor(runtime: Runtime, save: 'write' | 'writeSynced') {
    this.#runtime = runtime
    this.#save = save
    runtime.disk.open('counter', { create: true }, (error, file) => {
      if (error) runtime.abort(error)
      runtime.disk.syncDirectory('', (error) => {
        if (error) runtime.abort(error)
        this.#load(file)
      })
    })
    runtime.network.onMessage((from, bytes) => this.#answer(from, decode<Request>(bytes)))
  }

  #load(file: DiskFile): void {
    file.read(0, 16, (error, bytes) => {
      if (error) this.#runtime.abort(error)
      if (bytes.length === 16) {
        const view = new DataView(bytes.buffer, bytes.byteOffset)
        this.#value = view.getFloat64(0)
        this.#lastId = view.getFloat64(8)
      }
      this.#file = file
    })
  }

  #answer(from: Endpoint, { id, kind }: Request): void {
    if (this.#file === undefined) return // still loading: the client will ask again
    if (kind === 'read') {
      this.#runtime.network.send(from, encode({ id, value: this.#value }))
      return
    }
    if (id <= this.#lastId) return // the network doubled it, or it is late
    this.#value++
    this.#lastId = id
    const value = this.#value
    const view = new DataView(new ArrayBuffer(16))
    view.setFloat64(0, value)
    view.setFloat64(8, id)
    this.#file[this.#save](0, new Uint8Array(view.buffer), (error) => {
      if (error) this.#runtime.abort(error)
      this.#runtime.network.send(from, encode({ id, value }))
    })
  }
}

/** One request at a time. No answer within 200 ms means: it may have happened, or not. */
export class CounterClient {
  readonly #runtime: Runtime
  readonly #server: Endpoint
  readonly #waiting = new Map<number, (value: number) => void>()
  #lastId = 0

  constructor(runtime: Runtime, address: string) {
    this.#runtime = runtime
    this.#server = runtime.network.connect(address)
    runtime.network.onMessage((_, bytes) => {
      const { id, value } = decode<Answer>(bytes)
      this.#waiting.get(id)?.(value)
    })
  }

  /** The new value, or undefined when it is unknown whether it happened. */
  increment(): Promise<number | undefined> {
    return this.#ask('increment')
  }

  /** The value, or undefined when nobody answered. */
  read(): Promise<number | undefined> {
    return this.#ask('read')
  }

  #ask(kind: Request['kind']): Promise<number | undefined> {
    const id = ++this.#lastId
    return new Promise((resolve) => {
      const end = (value: number | undefined): void => {
        timeout.cancel()
        this.#waiting.delete(id)
        resolve(value)
      }
      const timeout = this.#runtime.timer(200, () => end(undefined))
      this.#waiting.set(id, end)
      this.#runtime.network.send(this.#server, encode({ id, kind }))
    })
  }
}
