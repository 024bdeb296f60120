import type { SeededRandom } from '../seeded-random.ts'
import type { Sectors } from './sectors.ts'

/** A name that appeared, moved or went; durable once its directory was synced. */
interface Change {
  readonly directory: string
  readonly number: number
  apply(names: Map<string, Sectors>): void
}

/**
 * The names of one disk: as the process sees them, and as they are on the medium. A crash keeps a random number of the
 * oldest changes that were not synced, as a file system with a journal would.
 */
export class SimulatedNames {
  #visible = new Map<string, Sectors>()
  #durable = new Map<string, Sectors>()
  /** Made for good at once: losing a whole directory shows no more than losing its files does. */
  readonly directories = new Set<string>([''])
  #pending: Change[] = []
  #changes = 0

  get(path: string): Sectors | undefined {
    return this.#visible.get(path)
  }

  link(path: string, file: Sectors): void {
    this.#change(parentOf(path), (names) => names.set(path, file))
  }

  unlink(path: string): void {
    this.#change(parentOf(path), (names) => names.delete(path))
  }

  rename(from: string, to: string): void {
    const file = this.#visible.get(from)!
    this.#change(parentOf(to), (names) => {
      names.delete(from)
      names.set(to, file)
    })
  }

  list(directory: string): readonly string[] {
    const prefix = directory === '' ? '' : `${directory}/`
    const found = new Set<string>()
    for (const path of [...this.#visible.keys(), ...this.directories]) {
      if (path !== '' && path.startsWith(prefix)) found.add(path.slice(prefix.length).split('/')[0]!)
    }
    found.delete('')
    return [...found].sort()
  }

  /** A directory sync begins: answers the number to end it with. */
  mark(): number {
    return this.#changes
  }

  synced(directory: string, mark: number): void {
    this.#pending = this.#pending.filter((change) => {
      if (change.directory !== directory || change.number > mark) return true
      change.apply(this.#durable)
      return false
    })
  }

  /** A crash: some changes are lost, or none when `lose` is false. Answers whether any was. */
  settle(random: SeededRandom, lose: boolean): boolean {
    const kept = lose ? random.integer(0, this.#pending.length) : this.#pending.length
    const isLost = kept < this.#pending.length
    for (const change of this.#pending.slice(0, kept)) change.apply(this.#durable)
    this.#pending = []
    this.#visible = new Map(this.#durable)
    return isLost
  }

  wipe(): void {
    this.#visible.clear()
    this.#durable.clear()
    this.#pending = []
    this.directories.clear()
    this.directories.add('')
  }

  /** Every file that is still there under some name. */
  files(): Set<Sectors> {
    return new Set([...this.#visible.values(), ...this.#durable.values()])
  }

  #change(directory: string, apply: (names: Map<string, Sectors>) => void): void {
    apply(this.#visible)
    this.#pending.push({ directory, number: ++this.#changes, apply })
  }
}

export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

/** One spelling for each path: no `./`, no doubled or trailing slashes. */
export function normalPath(path: string): string {
  return path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/')
}
