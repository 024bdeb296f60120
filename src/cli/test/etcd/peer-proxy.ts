import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import type { Links } from './links.ts'
import { Pipe } from './pipe.ts'
import { SenderFinder } from './sender-finder.ts'

export interface PeerProxyOptions {
  /** The member behind it. */
  readonly node: string
  readonly links: Links
  /** By the id that members say of themselves. */
  readonly nodeOf: (memberId: string) => string | undefined
}

/**
 * What the other members of an etcd take for one of them: it hands on what they say to it, and what it answers, as the
 * links between the two let it through.
 */
export class PeerProxy implements AsyncDisposable {
  readonly #options: PeerProxyOptions
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** Where the member listens, on 127.0.0.1; known before anybody asks for it. */
  behindPort = 0

  private constructor(options: PeerProxyOptions) {
    this.#options = options
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#carry(socket))
  }

  static async before(options: PeerProxyOptions): Promise<PeerProxy> {
    const proxy = new PeerProxy(options)
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject)
      proxy.#server.listen(0, '127.0.0.1', resolve)
    })
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #carry(dialled: Socket): void {
    const { node, links, nodeOf } = this.#options
    const behind = connect({ port: this.behindPort, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    const finder = new SenderFinder()
    let memberId: string | undefined
    /** Whoever has not said who it is reaches everybody: that is no part of Raft. */
    const way = (isTowards: boolean) => {
      const ends = (): readonly [from: string, to: string] | undefined => {
        const other = memberId === undefined ? undefined : nodeOf(memberId)
        if (other === undefined) return undefined
        return isTowards ? [other, node] : [node, other]
      }
      return {
        isCut: () => {
          const known = ends()
          return known !== undefined && links.isCut(...known)
        },
        delayMs: () => {
          const known = ends()
          return known === undefined ? 0 : links.delayMs(...known)
        },
      }
    }
    const towards = new Pipe(dialled, behind, way(true))
    const back = new Pipe(behind, dialled, way(false))
    dialled.on('data', (chunk: Buffer) => {
      memberId ??= finder.look(chunk)
      towards.push(chunk)
    })
    behind.on('data', (chunk: Buffer) => back.push(chunk))
    const forget = links.onChange(() => {
      towards.changed()
      back.changed()
    })
    let open = 2
    for (const socket of [dialled, behind]) {
      this.#sockets.add(socket)
      // What went wrong shows as a close, which is handed on.
      socket.on('error', () => {})
      socket.on('close', () => {
        this.#sockets.delete(socket)
        if (--open > 0) return
        forget()
        towards.close()
        back.close()
      })
    }
  }
}
