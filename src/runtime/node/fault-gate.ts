import type { Endpoint } from '../network.ts'

/**
 * Cuts made on purpose, between this process and others. Both directions are dropped in silence, as a cut cable would:
 * the connections below stay open and know nothing.
 */
export class FaultGate {
  readonly #blocked = new Set<Endpoint>()
  #delayMs = 0
  #lossProbability = 0

  block(endpoint: Endpoint): void {
    this.#blocked.add(endpoint)
  }

  unblock(endpoint: Endpoint): void {
    this.#blocked.delete(endpoint)
  }

  /** Each message to anyone leaves this much later, or not at all with this probability. */
  disturb(faults: { readonly delayMs?: number; readonly lossProbability?: number }): void {
    this.#delayMs = faults.delayMs ?? this.#delayMs
    this.#lossProbability = faults.lossProbability ?? this.#lossProbability
  }

  clear(): void {
    this.#blocked.clear()
    this.#delayMs = 0
    this.#lossProbability = 0
  }

  /** False on a healthy network: then sending and receiving ask nothing more. */
  get isActive(): boolean {
    return this.#blocked.size > 0 || this.#delayMs > 0 || this.#lossProbability > 0
  }

  get delayMs(): number {
    return this.#delayMs
  }

  get lossProbability(): number {
    return this.#lossProbability
  }

  get blocked(): readonly Endpoint[] {
    return [...this.#blocked]
  }

  isBlocked(endpoint: Endpoint): boolean {
    return this.#blocked.has(endpoint)
  }
}
