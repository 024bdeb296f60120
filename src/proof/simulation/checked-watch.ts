import type { KeyRange } from '../../ports/key-value/key-value-store.ts'
import type { ChangeBatch } from '../../wire/parcel/change-batch.ts'
import type { FeedPlace } from '../../wire/parcel/parcel.ts'
import { WatchChecker } from '../verify/watch/watch-checker.ts'
import type { CommittedChanges } from './invariants/committed-changes.ts'
import { BrokenInvariant } from './invariants/invariant.ts'

export const watchInvariant = 'a watch shows every change of its range, in order, once'

/** Holds what one watch is given against what was committed, change by change. */
export class CheckedWatch {
  readonly #checker: WatchChecker
  /** Changes seen. */
  seen = 0

  constructor(truth: CommittedChanges, range: KeyRange, from: FeedPlace) {
    this.#checker = new WatchChecker(truth.all, range, from)
  }

  given({ changes, upTo }: ChangeBatch): void {
    for (const change of changes) require(this.#checker.shown(change))
    this.seen += changes.length
    this.upTo(upTo)
  }

  /** It says that there was nothing else up to here. */
  upTo(place: FeedPlace): void {
    require(this.#checker.reached(place))
  }

  get isCaughtUp(): boolean {
    return this.#checker.isCaughtUp
  }
}

function require(problem: string | undefined): void {
  if (problem !== undefined) throw new BrokenInvariant(watchInvariant, problem)
}
