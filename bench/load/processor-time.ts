import { cpuTimeMs } from '../measurement/cpu-time.ts'

/** CPU time of this process and of all servers since it was made, as cores: 1 is one core in use all the time. */
export class ProcessorTime {
  readonly #pids: readonly number[]
  readonly #beganMs = performance.now()
  readonly #client = process.cpuUsage()
  readonly #servers: number | undefined

  constructor(serverPids: readonly number[]) {
    this.#pids = serverPids
    this.#servers = cpuTimeMs(serverPids)
  }

  get elapsedMs(): number {
    return performance.now() - this.#beganMs
  }

  cores(): { readonly clientCores: number; readonly serverCores: number | undefined } {
    const { elapsedMs } = this
    const { user, system } = process.cpuUsage(this.#client)
    const servers = cpuTimeMs(this.#pids)
    return {
      clientCores: (user + system) / 1_000 / elapsedMs,
      serverCores:
        servers === undefined || this.#servers === undefined
          ? undefined
          : (servers - this.#servers) / elapsedMs,
    }
  }
}
