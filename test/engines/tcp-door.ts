import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** Stands before a server, on a port of its own, and can be shut: then nothing gets through any more, either way. */
export class TcpDoor implements AsyncDisposable {
  readonly #sockets = new Set<Socket>()
  readonly #server: Server
  #connections = 0

  private constructor(server: Server) {
    this.#server = server
  }

  static async before(endpoint: string): Promise<TcpDoor> {
    const [host, port] = endpoint.split(':')
    const server = createServer((socket) => {
      const other = connect(Number(port), host)
      door.#connections++
      for (const [from, to] of [
        [socket, other],
        [other, socket],
      ] as const) {
        door.#sockets.add(from)
        from.setNoDelay(true)
        from.pipe(to)
        from.on('error', () => to.destroy())
        from.on('close', () => {
          door.#sockets.delete(from)
          to.destroy()
        })
      }
    })
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
}
