import type { Anomaly, CheckResult, Spent } from '../verdict/verdict.ts'
import type { CheckOptions } from './check-options.ts'

/**
 * The anomalies that a check finds: all counted, the first of each name told in full, so that a history that is wrong
 * everywhere costs no more than one that is wrong once.
 */
export class AnomalyList<Name extends string> {
  readonly #max: number
  readonly #counts: Record<Name, number>
  readonly #told: Record<Name, Anomaly[]>
  readonly #names: readonly Name[]

  /** Names in the order in which they are told: the most telling first. */
  constructor(names: readonly Name[], options: CheckOptions) {
    this.#names = names
    this.#max = options.anomaliesMax ?? 32
    this.#counts = Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>
    this.#told = Object.fromEntries(names.map((name) => [name, [] as Anomaly[]])) as Record<Name, Anomaly[]>
  }

  /** `tell` is called only when this one will be told. */
  add(name: Name, tell: () => Omit<Anomaly, 'name'>): void {
    this.#counts[name]++
    if (this.#told[name].length < this.#max) this.#told[name].push({ name, ...tell() })
  }

  get counts(): Readonly<Record<Name, number>> {
    return this.#counts
  }

  get isEmpty(): boolean {
    return this.#names.every((name) => this.#counts[name] === 0)
  }

  told(): readonly Anomaly[] {
    return this.#names.flatMap((name) => this.#told[name])
  }

  /** `3 lost elements and 1 duplicate element`. */
  toString(): string {
    const parts = this.#names
      .filter((name) => this.#counts[name] > 0)
      .map((name) => spoken(this.#counts[name], name))
    return inWords(parts)
  }
}

/** Of names whose noun is not their last word: how many of them are called. */
const plurals: Readonly<Record<string, string>> = {
  'stale-token-accepted': 'stale tokens accepted',
  'token-not-growing': 'tokens not growing',
  'read-out-of-bounds': 'reads out of bounds',
  'overlapping-holds': 'overlapping holds',
}

function spoken(count: number, name: string): string {
  const many = plurals[name]
  return count > 1 && many !== undefined ? `${count} ${many}` : counted(count, name.replaceAll('-', ' '))
}

/** `1 read`, `3 reads`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** `a, b and c`. */
export function inWords(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`
}

/** The verdict that follows: invalid by any anomaly, unknown for a reason, else valid. */
export function conclude(
  anomalies: AnomalyList<string>,
  parts: {
    /** What was checked: `The set`. */
    readonly subject: string
    /** Why nothing can be said, as a sentence; undefined when something can. */
    readonly unknown: string | undefined
    /** What holds, as a sentence. */
    readonly valid: string
    readonly spent: Spent
  },
): CheckResult {
  const { spent } = parts
  if (!anomalies.isEmpty) {
    const summary = `${parts.subject} is wrong: ${anomalies}.`
    return { verdict: 'invalid', summary, anomalies: anomalies.told(), spent }
  }
  if (parts.unknown !== undefined) return { verdict: 'unknown', summary: parts.unknown, anomalies: [], spent }
  return { verdict: 'valid', summary: parts.valid, anomalies: [], spent }
}
