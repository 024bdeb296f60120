const { setImmediate: breathe } = globalThis

/** Catches promises of simulated code that were rejected and that nobody listened to. */
export class UnhandledRejections {
  #first: { readonly reason: unknown } | undefined
  readonly #listen = (reason: unknown): void => {
    this.#first ??= { reason }
  }

  get first(): { readonly reason: unknown } | undefined {
    return this.#first
  }

  watch(): void {
    process.on('unhandledRejection', this.#listen)
  }

  /** Node tells of them when a turn of its event loop ends, so one is awaited. */
  async stop(): Promise<void> {
    await new Promise<void>((resolve) => breathe(resolve))
    process.off('unhandledRejection', this.#listen)
  }
}
