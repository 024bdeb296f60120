import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { DureError } from '../../foundation/errors.ts'
import type { ProcessInfo, ProcessState } from './control-protocol.ts'

export interface NodeCommand {
  readonly file: string
  readonly args: readonly string[]
  /** The environment of this process unless said. */
  readonly env?: NodeJS.ProcessEnv
}

export interface NodeProcessOptions {
  readonly node: number
  /** What runs the node, as it stands when it is started. */
  readonly command: () => NodeCommand
  /** Its log; what it says goes to the end of it. */
  readonly logPath: string
  /** It ended, and nobody had asked for it. */
  readonly onDeath: (ending: string) => void
}

/** Replaying a long log on a busy machine takes a while; longer than this is a hang. */
const READY_TIMEOUT_MS = 60_000

/**
 * One node as a child process. It runs in a process group of its own, so that Ctrl-C in the terminal reaches the supervisor alone;
 * its stdin is a pipe that ends with the supervisor, however that ends, and the node with it.
 */
export class NodeProcess {
  readonly node: number
  readonly #options: NodeProcessOptions
  #state: ProcessState = 'dead'
  #child: ChildProcess | undefined
  #ending: string | null = null
  #exited: Promise<void> = Promise.resolve()

  constructor(options: NodeProcessOptions) {
    this.node = options.node
    this.#options = options
  }

  get info(): ProcessInfo {
    return { node: this.node, state: this.#state, pid: this.#child?.pid ?? null, ending: this.#ending }
  }

  /** Resolves once the node serves. Errors: `unavailable`, with the node's own words. */
  async start(): Promise<void> {
    this.#require('start', 'dead')
    const { command, logPath } = this.#options
    const { file, args, env } = command()
    mkdirSync(dirname(logPath), { recursive: true })
    const log = openSync(logPath, 'a')
    const child = spawn(file, args, {
      stdio: ['pipe', 'pipe', log],
      detached: process.platform !== 'win32',
      windowsHide: true,
      ...(env !== undefined && { env }),
    })
    closeSync(log)
    this.#child = child
    this.#state = 'starting'
    this.#ending = null
    // A write to a node that died is answered by its end, not by this.
    child.stdin!.on('error', () => {})
    this.#exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => this.#ended(code, signal, resolve))
      child.once('error', (error) => this.#failed(error, resolve))
    })
    await this.#whenReady(child)
  }

  /** Ends it at once, as a power cut would. */
  async kill(): Promise<void> {
    this.#require('kill', 'starting', 'running', 'paused', 'stopping')
    this.#state = 'stopping'
    this.#child!.kill('SIGKILL')
    await this.#exited
  }

  /** It keeps its memory and its connections, and does nothing. */
  pause(): void {
    this.#require('pause', 'running')
    this.#signal('SIGSTOP')
    this.#state = 'paused'
  }

  resume(): void {
    this.#require('resume', 'paused')
    this.#signal('SIGCONT')
    this.#state = 'running'
  }

  /** Lets it hand leadership over and close its files; kills it after `timeoutMs`. */
  async stop(timeoutMs: number): Promise<void> {
    if (this.#state === 'dead') return
    if (this.#state === 'paused') this.resume()
    this.#state = 'stopping'
    this.#child!.kill('SIGTERM')
    const timer = setTimeout(() => this.#child?.kill('SIGKILL'), timeoutMs)
    await this.#exited
    clearTimeout(timer)
  }

  #require(what: string, ...states: readonly ProcessState[]): void {
    if (states.includes(this.#state)) return
    const found = this.#state === 'dead' ? `dead (${this.#ending ?? 'never started'})` : this.#state
    const advice = {
      dead: `start it first: dure start ${this.node}`,
      starting: 'wait a moment',
      running: 'nothing was done',
      paused: `resume it first: dure resume ${this.node}`,
      stopping: 'wait a moment',
    }[this.#state]
    throw new DureError('invalid', `asked to ${what} node ${this.node}, but it is ${found}: ${advice}`)
  }

  #signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    if (process.platform === 'win32') {
      throw new DureError('unsupported', 'Windows cannot pause a process: use kill and start')
    }
    this.#child!.kill(signal)
  }

  #whenReady(child: ChildProcess): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        child.kill('SIGKILL')
        reject(this.#unready(`did not serve within ${READY_TIMEOUT_MS / 1_000} s`))
      }, READY_TIMEOUT_MS)
      let said: string | undefined
      const lines = createInterface({ input: child.stdout! })
      lines.on('line', (line) => {
        const { event, message } = parseEvent(line)
        if (event === 'failed') said = message
        // It ends by itself, as it should.
        if (event === 'removed' && this.#state === 'running') this.#state = 'stopping'
        if (event !== 'ready' || this.#state !== 'starting') return
        clearTimeout(timer)
        this.#state = 'running'
        resolve()
      })
      // All it said has been read by then.
      child.once('close', () => {
        clearTimeout(timer)
        lines.close()
        reject(this.#unready(said ?? `ended before it served (${this.#ending})`))
      })
    })
  }

  #unready(found: string): DureError {
    return new DureError('unavailable', `node ${this.node}: ${found} (log: ${this.#options.logPath})`)
  }

  #ended(code: number | null, signal: string | null, done: () => void): void {
    const before = this.#state
    this.#ending = signal === null ? `exit code ${code}` : `killed by ${signal}`
    this.#state = 'dead'
    this.#child = undefined
    done()
    if (before === 'running' || before === 'paused') this.#options.onDeath(this.#ending)
  }

  #failed(error: Error, done: () => void): void {
    this.#ending = `it could not be run: ${error.message}`
    this.#state = 'dead'
    this.#child = undefined
    done()
  }
}

function parseEvent(line: string): { event?: unknown; message?: string } {
  try {
    return JSON.parse(line) ?? {}
  } catch {
    return {}
  }
}
