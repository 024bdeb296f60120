import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/**
 * Stands before a server, on a port of its own. It can swallow what the server answers, hold back what clients ask, and
 * be shut.
 */
export class TcpDoor implements AsyncDisposable {
  readonly #sockets = new Set<Socket>()
  readonly #server: Server
  readonly #held: { readonly to: Socket; readonly chunks: Buffer[] }[] = []
  #isSwallowing = false
  #connections = 0

  private constructor(server: Server) {
    this.#server = server
  }

  static async before(endpoint: string): Promise<TcpDoor> {
    const [host, port] = endpoint.split(':')
    const server = createServer((socket) => door.#pass(socket, connect(Number(port), host)))
    const door = new TcpDoor(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return door
  }

  get endpoint(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** How many were made through it. */
  get connections(): number {
    return this.#connections
  }

  /** From now on nothing that the server says gets through, on connections there are and on new ones. */
  swallowAnswers(): void {
    this.#isSwallowing = true
  }

  answerAgain(): void {
    this.#isSwallowing = false
    this.cut()
  }

  /**
   * What clients say on the connections of now waits, and is delivered by `deliver` even if they are long gone. New
   * connections get through.
   */
  holdBack(): () => void {
    const held = [...this.#sockets].map((to) => ({ to, chunks: [] as Buffer[] }))
    this.#held.push(...held)
    return () => {
      for (const { to, chunks } of held) for (const chunk of chunks) to.write(chunk)
    }
  }

  /** Breaks what is open; new connections get through. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  /** For good. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#server.listening) return
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.cut()
    await closed
  }

  #pass(client: Socket, server: Socket): void {
    this.#connections++
    this.#sockets.add(client).add(server)
    client.setNoDelay(true)
    server.setNoDelay(true)
    client.on('data', (chunk) => {
      const held = this.#held.find(({ to }) => to === server)
      if (held === undefined) server.write(chunk)
      else held.chunks.push(chunk)
    })
    server.on('data', (chunk) => {
      if (!this.#isSwallowing) client.write(chunk)
    })
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      socket.on('error', () => {})
      socket.on('close', () => {
        this.#sockets.delete(socket)
        // What is held back for a server needs its connection.
        if (!this.#held.some(({ to }) => to === other)) other.destroy()
      })
    }
  }
}
