import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'

/** Lets the kernel end a server when the harness itself is killed and can no longer do so. */
const DEATH_SIGNAL = ['/usr/bin/setpriv', '/bin/setpriv'].find(
  (path) => process.platform === 'linux' && existsSync(path),
)

/** One server: started, ended by its process id, its output kept in a file. */
export class ServerProcess {
  readonly #child: ChildProcess
  readonly #logPath: string
  readonly #exited: Promise<void>
  readonly #killOnExit = () => this.kill()

  constructor(options: {
    readonly program: string
    readonly args: readonly string[]
    readonly logPath: string
  }) {
    this.#logPath = options.logPath
    const log = openSync(options.logPath, 'a')
    const [program, args] =
      DEATH_SIGNAL === undefined
        ? [options.program, options.args]
        : [DEATH_SIGNAL, ['--pdeathsig', 'KILL', '--', options.program, ...options.args]]
    this.#child = spawn(program, [...args], { stdio: ['ignore', log, log] })
    closeSync(log)
    this.#exited = new Promise((resolve) => {
      this.#child.once('exit', () => resolve())
      this.#child.once('error', () => resolve())
    })
    process.prependOnceListener('exit', this.#killOnExit)
    void this.#exited.then(() => process.off('exit', this.#killOnExit))
  }

  get pid(): number {
    const { pid } = this.#child
    if (pid === undefined) throw new Error(`a server could not be started; its output is in ${this.#logPath}`)
    return pid
  }

  get isRunning(): boolean {
    return this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** The end of what it wrote, for error messages. */
  get lastOutput(): string {
    return readFileSync(this.#logPath, 'utf8').slice(-2_000).trim()
  }

  /** Resolves once the process is gone, however it ended. */
  get exited(): Promise<void> {
    return this.#exited
  }

  /** `kill -9`. */
  kill(): void {
    if (this.isRunning) this.#child.kill('SIGKILL')
  }

  /** Asks it to end, and ends it when it has not within `timeoutMs`. */
  async stop(timeoutMs: number): Promise<void> {
    if (this.isRunning) this.#child.kill('SIGTERM')
    const timer = setTimeout(() => this.kill(), timeoutMs)
    await this.#exited
    clearTimeout(timer)
  }
}
