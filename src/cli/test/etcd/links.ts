import type { Cut, LinkDisturbance } from '../../../proof/chaos/nemesis/cluster-under-test.ts'
import type { Random } from '../../../runtime/random.ts'

/** What TCP waits before it sends again what was lost, about: Linux begins with this. */
const RETRANSMIT_MS = 200

/**
 * What becomes of bytes on their way from one node to another, as TCP shows it: what is cut waits, and what is lost is
 * late. Nothing arrives twice or out of order, whatever the packets did.
 *
 * ```ts
 * const links = new Links(random)
 * links.cut([{ from: '1', to: '2' }])
 * links.isCut('1', '2') // true
 * ```
 */
export class Links {
  readonly #random: Random
  readonly #listeners = new Set<() => void>()
  readonly #delays = new Map<string, number>()
  #cuts: ReadonlySet<string> = new Set()
  #disturbance: LinkDisturbance = {}

  constructor(random: Random) {
    this.#random = random
  }

  /** Replaces what was cut before. */
  cut(cuts: readonly Cut[]): void {
    this.#cuts = new Set(cuts.map(({ from, to }) => nameOf(from, to)))
    for (const changed of this.#listeners) changed()
  }

  disturb(disturbance: LinkDisturbance = {}): void {
    this.#disturbance = disturbance
  }

  /** All that goes this way takes so much longer, until it is said to be 0. */
  delay({ from, to }: Cut, delayMs: number): void {
    this.#delays.set(nameOf(from, to), delayMs)
  }

  isCut(from: string, to: string): boolean {
    return this.#cuts.has(nameOf(from, to))
  }

  /** Drawn for each piece that is sent. */
  delayMs(from: string, to: string): number {
    const { nodes, lossProbability, reorderProbability, delayMs = 0 } = this.#disturbance
    const always = this.#delays.get(nameOf(from, to)) ?? 0
    if (nodes !== undefined && !nodes.includes(from)) return always
    if (lossProbability !== undefined) return always + this.#sometimes(lossProbability, RETRANSMIT_MS)
    // A packet that others overtake holds them up.
    if (reorderProbability !== undefined) return always + this.#sometimes(reorderProbability, delayMs)
    return always + delayMs
  }

  /** Told when cuts begin or end; answers with a function that ends that. */
  onChange(changed: () => void): () => void {
    this.#listeners.add(changed)
    return () => this.#listeners.delete(changed)
  }

  #sometimes(probability: number, delayMs: number): number {
    return this.#random.next() < probability ? delayMs : 0
  }
}

const nameOf = (from: string, to: string): string => `${from}→${to}`
