import { NODE_ID_MAX } from '../../foundation/ids.ts'
import type { Endpoint } from '../network.ts'
import type { Random } from '../random.ts'

/** What happens to messages between members, by chance; clients are spared. What is not named does not happen. */
export interface PeerDisturbance {
  readonly lossProbability?: number
  /** It comes once more, a moment later. */
  readonly duplicateProbability?: number
  /** Then `delayMs` holds back these alone, so that others overtake them. */
  readonly reorderProbability?: number
  readonly delayMs?: number
}

/** How long after the first one a second copy leaves, at most. */
const SECOND_COPY_MS_MAX = 50
/** How long a message waits to be overtaken, where no delay is said. */
const REORDER_DELAY_MS = 20

/**
 * Cuts and bad links made on purpose, between this process and others. What is dropped is dropped in silence, as by a
 * cut cable: the connections below stay open and know nothing.
 */
export class FaultGate {
  /** Neither heard nor reached. */
  readonly #blocked = new Set<Endpoint>()
  #deafTo: ReadonlySet<Endpoint> = new Set()
  #muteTo: ReadonlySet<Endpoint> = new Set()
  #peers: PeerDisturbance = {}
  #delayMs = 0
  #lossProbability = 0
  #isActive = false

  block(endpoint: Endpoint): void {
    this.#blocked.add(endpoint)
    this.#isActive = true
  }

  unblock(endpoint: Endpoint): void {
    this.#blocked.delete(endpoint)
    this.#changed()
  }

  /** These are not heard, and still reached. Replaces what was said before, as `mute` does. */
  deafen(endpoints: Iterable<Endpoint>): void {
    this.#deafTo = new Set(endpoints)
    this.#changed()
  }

  /** These are not reached, and still heard. */
  mute(endpoints: Iterable<Endpoint>): void {
    this.#muteTo = new Set(endpoints)
    this.#changed()
  }

  /** Each message to anyone leaves this much later, or not at all with this probability. */
  disturb(faults: { readonly delayMs?: number; readonly lossProbability?: number }): void {
    this.#delayMs = faults.delayMs ?? this.#delayMs
    this.#lossProbability = faults.lossProbability ?? this.#lossProbability
    this.#changed()
  }

  /** Messages to members alone; replaces what was said before. */
  disturbPeers(disturbance: PeerDisturbance): void {
    this.#peers = disturbance
    this.#changed()
  }

  clear(): void {
    this.#blocked.clear()
    this.#deafTo = new Set()
    this.#muteTo = new Set()
    this.#peers = {}
    this.#delayMs = 0
    this.#lossProbability = 0
    this.#isActive = false
  }

  /** False on a healthy network: then sending and receiving ask nothing more. */
  get isActive(): boolean {
    return this.#isActive
  }

  get delayMs(): number {
    return this.#delayMs
  }

  get blocked(): readonly Endpoint[] {
    return [...this.#blocked]
  }

  get deafTo(): readonly Endpoint[] {
    return [...this.#deafTo]
  }

  get muteTo(): readonly Endpoint[] {
    return [...this.#muteTo]
  }

  get peers(): PeerDisturbance {
    return this.#peers
  }

  dropsTo(endpoint: Endpoint): boolean {
    return this.#blocked.has(endpoint) || this.#muteTo.has(endpoint)
  }

  dropsFrom(endpoint: Endpoint): boolean {
    return this.#blocked.has(endpoint) || this.#deafTo.has(endpoint)
  }

  /** After how long each copy of a message leaves: none when it is lost, two when it is doubled. */
  drawDelays(to: Endpoint, random: Random): readonly number[] {
    const chance = (probability = 0): boolean => probability > 0 && random.next() < probability
    if (chance(this.#lossProbability)) return []
    if (to > NODE_ID_MAX) return [this.#delayMs]
    const { lossProbability, duplicateProbability, reorderProbability = 0, delayMs = 0 } = this.#peers
    if (chance(lossProbability)) return []
    const heldMs = delayMs === 0 && reorderProbability > 0 ? REORDER_DELAY_MS : delayMs
    const isHeldBack = reorderProbability === 0 || chance(reorderProbability)
    const afterMs = this.#delayMs + (isHeldBack ? heldMs : 0)
    return chance(duplicateProbability) ? [afterMs, afterMs + SECOND_COPY_MS_MAX * random.next()] : [afterMs]
  }

  #changed(): void {
    const { lossProbability = 0, duplicateProbability = 0, reorderProbability = 0, delayMs = 0 } = this.#peers
    const isDisturbed = lossProbability + duplicateProbability + reorderProbability + delayMs > 0
    const isCut = this.#blocked.size + this.#deafTo.size + this.#muteTo.size > 0
    this.#isActive = isCut || isDisturbed || this.#delayMs > 0 || this.#lossProbability > 0
  }
}
