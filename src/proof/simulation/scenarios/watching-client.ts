import { Client } from '../../../engines/client/client.ts'
import type { WatchStream } from '../../../engines/client/watch-stream.ts'
import { RemoteTransport } from '../../../engines/remote/remote-transport.ts'
import type { DureError } from '../../../foundation/errors.ts'
import type { KeyRange } from '../../../ports/key-value/key-value-store.ts'
import type { Runtime } from '../../../runtime/runtime.ts'
import type { ChangePlace } from '../../../wire/parcel/parcel.ts'
import { CheckedWatch } from '../checked-watch.ts'
import type { CommittedChanges } from '../invariants/committed-changes.ts'
import type { ScenarioCluster } from './scenario-cluster.ts'

export interface WatchingOptions {
  readonly windowBytes?: number
  /** Between one batch and the next, at most; else everything is taken at once. */
  readonly thinkMs?: number
}

/** A process that watches a range for as long as the scenario lasts, and checks all that it is given. */
export class WatchingClient {
  /** How often it had to begin anew. */
  compacted = 0
  seen = 0
  error: DureError | undefined
  readonly #range: KeyRange
  readonly #truth: CommittedChanges
  readonly #options: WatchingOptions
  #stream: WatchStream | undefined
  #checked: CheckedWatch | undefined
  #isTaking = false

  constructor(
    cluster: ScenarioCluster,
    truth: CommittedChanges,
    range: KeyRange,
    options: WatchingOptions = {},
  ) {
    this.#range = range
    this.#truth = truth
    this.#options = options
    cluster.world.spawn('watcher', { promises: false }).start((runtime) => {
      this.#watch(runtime, new Client(runtime, new RemoteTransport(runtime, cluster.addresses)))
    })
  }

  /** Has shown everything up to there. */
  hasReached({ index }: { readonly index: number }): boolean {
    const { place, isEmpty } = this.#stream ?? {}
    return place !== undefined && isEmpty === true && place.index >= index
  }

  #watch(runtime: Runtime, client: Client): void {
    const events = {
      ready: (place: ChangePlace) => {
        this.#checked = new CheckedWatch(this.#truth, this.#range, place)
      },
      received: () => this.#takeSoon(runtime),
      ended: (error: DureError) => {
        this.#takeAll()
        if (error.code !== 'compacted') {
          this.error = error
          return
        }
        this.compacted++
        this.#watch(runtime, client)
      },
    }
    this.#checked = undefined
    this.#stream = client.watch(this.#range, undefined, events, this.#options.windowBytes)
    this.#stream.start()
  }

  #takeSoon(runtime: Runtime): void {
    const { thinkMs } = this.#options
    if (thinkMs === undefined) return this.#takeAll()
    if (this.#isTaking) return
    this.#isTaking = true
    runtime.timer(thinkMs * runtime.random.next(), () => {
      this.#isTaking = false
      this.#takeOne()
      if (this.#stream?.isEmpty === false) this.#takeSoon(runtime)
    })
  }

  #takeAll(): void {
    while (this.#takeOne());
    // What was said beside the changes, too.
    if (this.#checked !== undefined) this.#checked.upTo(this.#stream!.place!)
  }

  #takeOne(): boolean {
    const batch = this.#stream?.take()
    if (batch === undefined) return false
    this.#checked!.given(batch)
    this.seen += batch.changes.length
    return true
  }
}
