import { describe, expect, it } from 'vitest'
import { endpoint } from '../../../runtime/network.ts'
import type { Body } from '../protocol/message.ts'
import { MessageStreamNetwork } from './message-stream-network.ts'

interface Sent {
  readonly src: string
  readonly dest: string
  readonly body: Body
}

/** Two nodes, whose messages are carried when `carry` is called; either may start a new life. */
class Pair {
  readonly heard: string[] = []
  readonly networks = new Map<string, MessageStreamNetwork>()
  #sent: Sent[] = []
  isFull = false

  start(self: string, life: number): void {
    const network = new MessageStreamNetwork({
      self,
      nodes: ['n1', 'n2'],
      life,
      send: (dest, body) => {
        if (this.isFull) return false
        this.#sent.push({ src: self, dest, body })
        return true
      },
    })
    network.onMessage((from, message) => this.heard.push(`${self} hears ${message} from ${from}`))
    network.onDisconnect((from) => this.heard.push(`${self} loses ${from}`))
    this.networks.set(self, network)
  }

  send(from: string, value: number): string {
    return this.networks.get(from)!.send(endpoint(from === 'n1' ? 2 : 1), new Uint8Array([value]))
  }

  take(): Sent[] {
    const sent = this.#sent
    this.#sent = []
    return sent
  }

  carry(sent = this.take()): void {
    for (let left = sent; left.length > 0; left = this.take())
      for (const { src, dest, body } of left) this.networks.get(dest)?.receive(src, body)
  }
}

describe('a network on a stream of messages', () => {
  it('carries bytes, and knows whom it has heard of', () => {
    const pair = new Pair()
    pair.start('n1', 1)
    expect(pair.networks.get('n1')!.isReachable(endpoint(2))).toBe(false)
    pair.carry()
    pair.start('n2', 1)
    pair.carry()
    expect(pair.networks.get('n1')!.isReachable(endpoint(2))).toBe(true)
    expect(pair.send('n1', 7)).toBe('accepted')
    pair.carry()
    expect(pair.heard).toEqual(['n2 hears 7 from 1'])
  })

  it('tells of a new life before its first message, and drops what was for the old one', () => {
    const pair = new Pair()
    pair.start('n1', 1)
    pair.start('n2', 1)
    pair.carry()
    pair.send('n1', 1)
    const late = pair.take()
    pair.start('n2', 2)
    const greeting = pair.take()
    pair.carry(late)
    expect(pair.heard).toEqual(['n1 loses 2'])
    pair.carry(greeting)
    pair.send('n2', 3)
    pair.send('n1', 4)
    pair.carry()
    expect(pair.heard).toEqual(['n1 loses 2', 'n1 hears 3 from 2', 'n2 hears 4 from 1'])
  })

  it('drops what an old life had sent', () => {
    const pair = new Pair()
    pair.start('n1', 1)
    pair.start('n2', 1)
    pair.carry()
    pair.send('n2', 1)
    const late = pair.take()
    pair.start('n2', 2)
    pair.carry()
    pair.carry(late)
    expect(pair.heard).toEqual(['n1 loses 2'])
  })

  it('pushes back when too much waits', () => {
    const pair = new Pair()
    pair.start('n1', 1)
    pair.isFull = true
    expect(pair.send('n1', 1)).toBe('full')
  })
})
