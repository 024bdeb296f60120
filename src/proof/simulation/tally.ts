import { type MarkName, markNames, rareMarks } from '../../foundation/marks.ts'
import type { SeedReport } from './run-seed.ts'

/** So many must have been on every path, however rare. */
const MANY_SEEDS = 200

/** What many seeds come to. */
export interface Tally {
  readonly seeds: number
  readonly valid: number
  readonly failures: readonly SeedReport[]
  readonly virtualMs: number
  readonly events: number
  readonly operations: number
  readonly acknowledged: number
  readonly faults: SeedReport['faults']
  readonly marks: Readonly<Record<MarkName, number>>
  /** Marked paths that no seed reached; rare ones only once there were many seeds. */
  readonly unreached: readonly MarkName[]
}

/** Adds seeds up as they end. */
export class TallyKeeper {
  #seeds = 0
  #valid = 0
  readonly #failures: SeedReport[] = []
  #virtualMs = 0
  #events = 0
  #operations = 0
  #acknowledged = 0
  readonly #faults: Record<keyof SeedReport['faults'], number> = {
    crashes: 0,
    pauses: 0,
    partitions: 0,
    clogs: 0,
    clockJumps: 0,
    diskFaults: 0,
    ambushes: 0,
    transfers: 0,
    membershipChanges: 0,
    hangs: 0,
    lostNodes: 0,
    watchesReopened: 0,
    watchesCompacted: 0,
    leasesGranted: 0,
    leasesExpired: 0,
    keysExpired: 0,
  }
  readonly #marks = Object.fromEntries(markNames.map((name) => [name, 0])) as Record<MarkName, number>

  add(report: SeedReport): void {
    this.#seeds++
    if (report.verdict === 'valid') this.#valid++
    else this.#failures.push(report)
    this.#virtualMs += report.virtualMs
    this.#events += report.events
    this.#operations += report.operations
    this.#acknowledged += report.acknowledged
    for (const kind of Object.keys(this.#faults) as (keyof SeedReport['faults'])[]) {
      this.#faults[kind] += report.faults[kind]
    }
    for (const name of markNames) this.#marks[name] += report.marks[name] ?? 0
  }

  get tally(): Tally {
    return {
      seeds: this.#seeds,
      valid: this.#valid,
      failures: this.#failures,
      virtualMs: this.#virtualMs,
      events: this.#events,
      operations: this.#operations,
      acknowledged: this.#acknowledged,
      faults: { ...this.#faults },
      marks: { ...this.#marks },
      unreached: markNames.filter(
        (name) => this.#marks[name] === 0 && (this.#seeds >= MANY_SEEDS || !rareMarks.has(name)),
      ),
    }
  }
}
