import { execFile, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Verdict } from '../../../src/proof/verify/verdict/verdict.ts'

const execute = promisify(execFile)
const BUILD_TIMEOUT_MS = 120_000
const RUN_TIMEOUT_MS = 300_000

/** What Porcupine made of one file; times as `CheckedFile` has them. */
export interface PorcupineFile {
  readonly file: string
  readonly verdict: Verdict
  readonly operations: number
  readonly firstMs: number
  readonly checkMs: number
  readonly totalMs: number
}

/** Which of its readers a file takes: `form=file` on its command line. */
export type PorcupineForm = 'etcd' | 'knossos' | 'kv'

/**
 * Porcupine (Athalye), the linearizability checker in Go, in a small program that reads the same files.
 *
 * ```ts
 * const porcupine = await Porcupine.build(directory)
 * const files = await porcupine.check('kv', ['c10-ok.txt'], 5)
 * ```
 */
export class Porcupine {
  readonly #program: string

  private constructor(program: string) {
    this.#program = program
  }

  /** Why it cannot be built here; undefined when Go is installed. */
  static missing(): string | undefined {
    const { error } = spawnSync('go', ['version'])
    return error === undefined
      ? undefined
      : 'Go was not found, so Porcupine is not measured: install golang-go'
  }

  /** Rejects when its module cannot be fetched or built. */
  static async build(directory: string): Promise<Porcupine> {
    const program = join(directory, process.platform === 'win32' ? 'porcupine.exe' : 'porcupine')
    await execute('go', ['build', '-o', program, '.'], {
      cwd: import.meta.dirname,
      timeout: BUILD_TIMEOUT_MS,
    })
    return new Porcupine(program)
  }

  async check(form: PorcupineForm, files: readonly string[], rounds: number): Promise<PorcupineFile[]> {
    const named = files.map((file) => `${form}=${file}`)
    const { stdout } = await execute(this.#program, ['-rounds', String(rounds), ...named], {
      timeout: RUN_TIMEOUT_MS,
      maxBuffer: 16 << 20,
    })
    return stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
  }
}
