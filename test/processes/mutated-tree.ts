import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')

/** A copy of the project's source with one line changed: nodes can be started from it. */
export class MutatedTree implements Disposable {
  readonly #directory = mkdtempSync(join(tmpdir(), 'dure-mutated-'))

  /**
   * `place` is a file of `src/` and a line, as `storage/log/recovery.ts:255`. Undefined where the line does not hold
   * what is to be replaced.
   */
  static make(place: string, from: string, to: string): MutatedTree | undefined {
    const [file, number] = place.split(':') as [string, string]
    const lines = readFileSync(join(ROOT, 'src', file), 'utf8').split('\n')
    const at = Number(number) - 1
    if (!lines[at]!.includes(from)) return undefined
    lines[at] = lines[at]!.replace(from, to)
    return new MutatedTree(file, lines.join('\n'))
  }

  private constructor(file: string, content: string) {
    const isShipped = (path: string) => !/\.test\.ts$|\/(testdata|testing)$/.test(path)
    cpSync(join(ROOT, 'src'), join(this.#directory, 'src'), { recursive: true, filter: isShipped })
    cpSync(join(ROOT, 'package.json'), join(this.#directory, 'package.json'))
    symlinkSync(join(ROOT, 'node_modules'), join(this.#directory, 'node_modules'))
    writeFileSync(join(this.#directory, 'src', file), content)
  }

  get program(): string {
    return join(this.#directory, 'src/server/main.ts')
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true, force: true })
  }
}
