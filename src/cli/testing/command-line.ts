import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { requireFreePorts } from '../cluster/free-ports.ts'
import { addressesOf, layoutOf } from '../cluster/layout.ts'

const MAIN = join(import.meta.dirname, '../main.ts')
const ENVIRONMENT = {
  ...process.env,
  NO_COLOR: '1',
  NODE_COMPILE_CACHE: join(import.meta.dirname, '../../../node_modules/.cache/compiled'),
}

export interface Finished {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** A cluster that a test drives through the command line alone, as a person would: real processes, real ports, a real disk. */
export class TestCluster {
  readonly directory = mkdtempSync(join(tmpdir(), 'dure-cli-'))
  readonly basePort: number
  #up: ChildProcess | undefined
  #messages = ''

  private constructor(basePort: number) {
    this.basePort = basePort
  }

  /** On ports that nobody holds. */
  static async create(): Promise<TestCluster> {
    for (;;) {
      // Below the ports that systems hand out by themselves.
      const basePort = 12_000 + 200 * Math.floor(Math.random() * 90)
      const isFree = await requireFreePorts(addressesOf(layoutOf(5, basePort))).then(
        () => true,
        () => false,
      )
      if (isFree) return new TestCluster(basePort)
    }
  }

  /** Everything that `dure up` said so far. */
  get messages(): string {
    return this.#messages
  }

  /** `dure up`, until it tells what to try. Throws what it said when it ends before. */
  async up(...args: readonly string[]): Promise<void> {
    const child = spawn(
      process.execPath,
      [MAIN, 'up', ...this.#where, '--base-port', String(this.basePort), ...args],
      {
        env: ENVIRONMENT,
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    )
    this.#up = child
    this.#messages = ''
    await new Promise<void>((resolve, reject) => {
      child.stderr!.setEncoding('utf8').on('data', (text: string) => {
        this.#messages += text
        if (this.#messages.includes('Ctrl-C stops the cluster')) resolve()
      })
      child.once('exit', () => reject(new Error(this.#messages)))
    })
  }

  /** Any other command. */
  run(...args: readonly string[]): Promise<Finished> {
    return new Promise((resolve) => {
      execFile(
        process.execPath,
        [MAIN, ...args, ...this.#where],
        { env: ENVIRONMENT },
        (error, stdout, stderr) => {
          resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
        },
      )
    })
  }

  /** What a command says in JSON, read as any shape: the assertions say which. */
  // biome-ignore lint/suspicious/noExplicitAny: what a test expects of it is the check.
  async json(...args: readonly string[]): Promise<any> {
    const { stdout } = await this.run(...args, '--json')
    return JSON.parse(stdout)
  }

  /** Sends `dure up` a signal; its exit code once all nodes ended. */
  stop(signal: NodeJS.Signals = 'SIGINT'): Promise<number | null> {
    const child = this.#up
    if (child === undefined || child.exitCode !== null) return Promise.resolve(child?.exitCode ?? null)
    return new Promise((resolve) => {
      child.once('exit', resolve)
      child.kill(signal)
    })
  }

  async dispose(): Promise<void> {
    await this.stop()
    rmSync(this.directory, { recursive: true, force: true })
  }

  get #where(): string[] {
    return ['--directory', this.directory]
  }
}
