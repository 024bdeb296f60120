import type { KeyRange, RangeOptions, StoredRow } from '../../ports/key-value/key-value-store.ts'
import { versionFromNumber } from '../../ports/key-value/version.ts'
import type { Calls } from './call.ts'
import type { EtcdRange, Keys } from './keys.ts'
import { Refused, type Rpc } from './rpc.ts'
import { decodeRange, encodeRange, type KeyValue } from './wire/key-value-messages.ts'

const PAGE_ROWS = 1_000
/** The first page is small, as nothing is known yet of the values; the next ones are about this large. */
const FIRST_PAGE_ROWS = 128
const PAGE_BYTES = 4 << 20

/** The rows of one revision: that of the first page. */
export async function* readRange(
  rpc: Rpc,
  calls: Calls,
  keys: Keys,
  range: KeyRange,
  options: RangeOptions | undefined,
): AsyncGenerator<StoredRow, void, undefined> {
  const whole = keys.outerRange(range.from, range.to)
  const parts = whole === undefined ? [] : keys.withoutReserved(whole)
  let left = options?.limit ?? Number.POSITIVE_INFINITY
  const pageRows = options?.pageSize ?? PAGE_ROWS
  let rows = Math.min(pageRows, FIRST_PAGE_ROWS)
  let revision = 0
  // An empty range is still a call: it has a signal, and a store that may be closed.
  if (parts.length === 0) await calls.run(options, async () => {})
  for (const part of parts) {
    let from: Uint8Array | undefined = part.from
    while (from !== undefined && left > 0) {
      const page: Page = await readPage(
        rpc,
        calls,
        { from, end: part.end },
        Math.min(rows, left),
        revision,
        options,
      )
      revision = page.revision
      let bytes = 0
      for (const { key, value, modRevision } of page.pairs) {
        bytes += key.length + value.length
        // The caller may have ended its signal or the store between two rows.
        if (options?.signal?.aborted === true || calls.isClosed) await calls.run(options, async () => {})
        yield { key: keys.inner(key), value: new Uint8Array(value), version: versionFromNumber(modRevision) }
      }
      left -= page.pairs.length
      const last: KeyValue | undefined = page.pairs.at(-1)
      from = page.more && last !== undefined ? keyAfter(last.key) : undefined
      const rowBytes = Math.max(1, bytes / Math.max(1, page.pairs.length))
      rows = Math.max(1, Math.min(pageRows, rows * 8, Math.floor(PAGE_BYTES / rowBytes)))
    }
  }
}

interface Page {
  readonly pairs: readonly KeyValue[]
  readonly more: boolean
  readonly revision: number
}

function readPage(
  rpc: Rpc,
  calls: Calls,
  { from, end }: EtcdRange,
  limit: number,
  revision: number,
  options: RangeOptions | undefined,
): Promise<Page> {
  return calls.run(options, async (call) => {
    for (let isRetry = false; ; isRetry = true) {
      // A member that lags behind does not know the revision of the first page yet.
      const serializable = options?.consistency === 'eventual' && !isRetry
      const message = encodeRange({ key: from, rangeEnd: end, limit, revision, serializable })
      try {
        const { header, pairs, more } = decodeRange(
          await rpc.request(call, '/etcdserverpb.KV/Range', message),
        )
        rpc.connections.note(header)
        return { pairs, more, revision: revision === 0 ? header.revision : revision }
      } catch (error) {
        if (isRetry || !(error instanceof Refused) || !/future revision/.test(error.message)) throw error
      }
    }
  })
}

/** The smallest key after this one. */
function keyAfter(key: Uint8Array): Uint8Array {
  const after = new Uint8Array(key.length + 1)
  after.set(key)
  return after
}
