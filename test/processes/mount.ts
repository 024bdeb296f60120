import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * A small file system of its own, in memory: it can be full and it can be read-only, for the superuser too.
 *
 * ```ts
 * using disk = SmallDisk.mount(40)
 * if (disk === undefined) return skip('mounting is not permitted here')
 * ```
 */
export class SmallDisk implements Disposable {
  readonly path: string

  /** Undefined where this process may not mount. */
  static mount(sizeMiB: number): SmallDisk | undefined {
    const path = mkdtempSync(join(tmpdir(), 'dure-mount-'))
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMiB}m`, 'tmpfs', path], { stdio: 'ignore' })
    } catch {
      rmSync(path, { recursive: true })
      return undefined
    }
    return new SmallDisk(path)
  }

  private constructor(path: string) {
    this.path = path
  }

  directory(name: string): string {
    const path = join(this.path, name)
    mkdirSync(path, { recursive: true })
    return path
  }

  /** `size=80m`, `ro`, `rw`. */
  remount(options: string): void {
    execFileSync('mount', ['-o', `remount,${options}`, this.path], { stdio: 'ignore' })
  }

  [Symbol.dispose](): void {
    execFileSync('umount', ['--lazy', this.path], { stdio: 'ignore' })
    rmSync(this.path, { recursive: true, force: true })
  }
}
