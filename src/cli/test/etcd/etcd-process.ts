import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { endingWithParent } from '../../../fixture/ending-with-parent.ts'

export interface EtcdProcessOptions {
  readonly program: string
  readonly args: readonly string[]
  readonly logPath: string
  /** It ended after it had served, and nobody had asked for it. */
  readonly onDeath: (ending: string) => void
}

/** One etcd, known by its process id; away from the terminal, so that Ctrl-C reaches the test alone. */
export class EtcdProcess {
  readonly #options: EtcdProcessOptions
  readonly #kill = () => void this.#child?.kill('SIGKILL')
  #child: ChildProcess | undefined
  #exited: Promise<void> = Promise.resolve()
  #isPaused = false
  #hasServed = false

  constructor(options: EtcdProcessOptions) {
    this.#options = options
  }

  get state(): 'running' | 'paused' | 'dead' {
    if (this.#child === undefined) return 'dead'
    return this.#isPaused ? 'paused' : 'running'
  }

  start(): void {
    if (this.#child !== undefined) return
    const { program, args, logPath } = this.#options
    const log = openSync(logPath, 'a')
    const [file, words] = endingWithParent(program, args)
    const child = spawn(file, words, { stdio: ['ignore', log, log], detached: true })
    closeSync(log)
    this.#child = child
    this.#isPaused = false
    this.#hasServed = false
    process.once('exit', this.#kill)
    this.#exited = new Promise((resolve) => {
      const end = (ending: string): void => {
        if (this.#child !== child) return
        this.#child = undefined
        process.off('exit', this.#kill)
        resolve()
        if (this.#hasServed) this.#options.onDeath(ending)
      }
      child.once('exit', (code, signal) => end(signal === null ? `exit code ${code}` : `killed by ${signal}`))
      child.once('error', (error) => end(`it could not be run: ${error.message}`))
    })
  }

  /** From now on it does not end unless somebody wants it to. */
  served(): void {
    this.#hasServed = this.#child !== undefined
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    this.#hasServed = false
    this.#kill()
    await this.#exited
  }

  pause(): void {
    this.#isPaused = this.#child?.kill('SIGSTOP') ?? false
  }

  resume(): void {
    this.#child?.kill('SIGCONT')
    this.#isPaused = false
  }
}
