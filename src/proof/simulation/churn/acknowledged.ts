/** The newest write that any client knows to have happened: whatever begins from now on must see it. */
export class Acknowledged {
  #index = 0

  get index(): number {
    return this.#index
  }

  write(version: number): void {
    if (version > this.#index) this.#index = version
  }
}
