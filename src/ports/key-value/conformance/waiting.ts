import { text, utf8 } from '../../../foundation/bytes.ts'
import type { KeyValueStore, WatchOptions } from '../key-value-store.ts'
import { prefixRange } from '../prefix-range.ts'
import type { Change, Watch } from '../watch.ts'
import type { ConformanceContext } from './conformance-case.ts'

/** Longer than any engine may take for what a case waits for. */
const PATIENCE_MS = 20_000
const POLL_MS = 20

/** The promise's value; throws when it takes too long. Time passes meanwhile, also where it stands still by itself. */
export async function within<Value>(
  { clock }: ConformanceContext,
  what: string,
  promise: Promise<Value>,
): Promise<Value> {
  const untilMs = clock.nowMs() + PATIENCE_MS
  const settled = promise.then(
    () => true,
    () => true,
  )
  for (;;) {
    if (await Promise.race([settled, clock.sleep(POLL_MS)])) return promise
    if (clock.nowMs() > untilMs) throw new Error(`expected within ${PATIENCE_MS} ms: ${what}`)
  }
}

/** Asks again and again until it is so; throws when it takes too long. */
export async function eventually(
  { clock }: ConformanceContext,
  what: string,
  isSo: () => Promise<boolean>,
): Promise<void> {
  const untilMs = clock.nowMs() + PATIENCE_MS
  while (!(await isSo())) {
    if (clock.nowMs() > untilMs) throw new Error(`expected within ${PATIENCE_MS} ms: ${what}`)
    await clock.sleep(POLL_MS)
  }
}

/** A watch of the case's keys, or of those that begin with `name`, and its changes one after the other. */
export class Watcher {
  readonly watch: Watch
  readonly #context: ConformanceContext
  readonly #changes: AsyncIterator<Change>

  constructor(context: ConformanceContext, store: KeyValueStore, options: WatchOptions = {}, name = '') {
    this.#context = context
    this.watch = store.watch(prefixRange(utf8(context.prefix + name)), options)
    this.#changes = this.watch[Symbol.asyncIterator]()
  }

  /** Once it sees everything that is written from now on. */
  static async ready(...given: ConstructorParameters<typeof Watcher>): Promise<Watcher> {
    const watcher = new Watcher(...given)
    await within(given[0], 'a watch gets ready', watcher.watch.ready)
    return watcher
  }

  async take(count: number): Promise<Change[]> {
    const taken: Change[] = []
    while (taken.length < count) {
      const change = await this.next()
      if (change === undefined) throw new Error(`the watch ended after ${taken.length} of ${count} changes`)
      taken.push(change)
    }
    return taken
  }

  /** Undefined when the watch has ended. */
  async next(): Promise<Change | undefined> {
    const { done, value } = await within(this.#context, 'another change in a watch', this.#changes.next())
    return done === true ? undefined : value
  }
}

/** `put name = value` or `delete name`, without the prefix of the case. */
export const described = ({ prefix }: ConformanceContext, changes: readonly Change[]): string[] =>
  changes.map((change) => {
    const name = text(change.key).slice(prefix.length)
    return change.kind === 'put' ? `put ${name} = ${text(change.value)}` : `delete ${name}`
  })
