import { z } from 'zod'
import { checkLog } from '../../verify/checks/log/check-log.ts'
import type { HistoryEvent, HistoryValue } from '../../verify/history/event.ts'
import type { RecordedHistory } from '../../verify/history/recorded-history.ts'
import { eachWorker, mix, repeat } from '../../workloads/generator/combinators.ts'
import { call as asked, done, type Generator } from '../../workloads/generator/generator.ts'
import type { Answer, WorkloadClient } from '../../workloads/workload.ts'
import { RpcError } from '../client/rpc.ts'
import { historyValueOf } from '../protocol/json-value.ts'
import { described } from './described.ts'
import { type MaelstromWorkload, type NodeCall, ok, withErrors } from './maelstrom-workload.ts'
import { anything, rpc } from './replies.ts'

const offset = z.int().nonnegative()
const messages = z.record(z.string(), z.array(z.tuple([offset, anything])))
const sendRpc = rpc('send', { offset }, '"offset": an integer')
const pollRpc = rpc('poll', { msgs: messages }, '"msgs": {key: [[offset, message], …], …}')
const commitRpc = rpc('commit_offsets', {})
const committedRpc = rpc(
  'list_committed_offsets',
  { offsets: z.record(z.string(), offset) },
  '"offsets": {key: offset, …}',
)

const KEYS = 4
const MESSAGES_PER_KEY_MAX = 256
/** A program that lost data would be asked for it for ever; one that is slow has something new now and then. */
const WITHOUT_NEWS_MS_MAX = 10_000

/** Logs of messages: what is acknowledged stays, in one order, and polls show it without gaps. */
export const kafka: MaelstromWorkload = {
  ...described('kafka'),
  plan({ keyCount = KEYS, writesPerKeyMax = MESSAGES_PER_KEY_MAX, crashClients }) {
    const keys = new LogKeys(keyCount, writesPerKeyMax)
    const ends = new Map<string, number>()
    const clients = new Map<number, LogClient>()
    let isAtTheEnd = false
    let isPolledToTheEnd = false
    return {
      load: startWithAssign(
        keys,
        mix([
          [8, repeat(({ random }) => ({ f: 'send', value: [keys.next(random.integer(0, keyCount - 1))] }))],
          [8, repeat(() => ({ f: 'poll', value: [['poll']] }))],
          [1, repeat(() => ({ f: 'assign', value: keys.all }))],
          ...(crashClients ? [[0.2, repeat(() => ({ f: 'crash', value: null }))] as const] : []),
        ]),
      ),
      finalReads: eachWorker((worker) => {
        isAtTheEnd = true
        return pollToTheEnd(keys, ends, {
          clientOf: () => clients.get(worker),
          onEnd: () => (isPolledToTheEnd = true),
        })
      }),
      atLeast: { send: 1, poll: 1 },
      open: (call, _, worker) => {
        const client = new LogClient(call, {
          ends,
          startsOver: isAtTheEnd,
          onClose: () => void clients.delete(worker),
        })
        clients.set(worker, client)
        return client
      },
      check: (history, { finalFrom }) => checkLog(history, { finalPolls: isPolledOut(history, finalFrom) }),
      unfinished: () =>
        isAtTheEnd && !isPolledToTheEnd
          ? 'What the logs have in the end is not known: no client could poll all of them to their end.'
          : undefined,
    }
  },
}

/** Keys come into use and go out of it, as those of transactions do. */
class LogKeys {
  readonly #inUse: string[]
  readonly #sent = new Map<string, number>()
  readonly #messagesMax: number
  #count: number

  constructor(count: number, messagesMax: number) {
    this.#count = count
    this.#messagesMax = messagesMax
    this.#inUse = Array.from({ length: count }, (_, key) => String(key))
  }

  /** The next message for the key at that place. */
  next(place: number): HistoryValue {
    const key = this.#inUse[place]!
    const message = (this.#sent.get(key) ?? 0) + 1
    this.#sent.set(key, message)
    if (message === this.#messagesMax) this.#inUse[place] = String(this.#count++)
    return ['send', key, message]
  }

  /** Every key that was ever in use. */
  get all(): readonly string[] {
    return Array.from({ length: this.#count }, (_, key) => String(key))
  }
}

/** A client polls nothing before it was told what to poll. */
function startWithAssign(keys: LogKeys, load: Generator): Generator {
  const assigned = new Set<number>()
  return {
    next(asking) {
      if (assigned.has(asking.worker)) return load.next(asking)
      assigned.add(asking.worker)
      return asked({ f: 'assign', value: keys.all })
    },
  }
}

/**
 * Whether somebody polled in the end, and for a while nothing came any more: then what nobody saw is not there. Who reached
 * the end of all logs has seen all of it.
 */
function isPolledOut({ events }: RecordedHistory, finalFrom = Number.POSITIVE_INFINITY): boolean {
  /** By process: from when to when its last polls brought nothing. */
  const empty = new Map<HistoryEvent['process'], { readonly fromNs: number; toNs: number }>()
  for (const { process, type, f, value, timeNs = 0 } of events.slice(Math.min(finalFrom, events.length))) {
    if (f !== 'poll' || type !== 'ok') continue
    const known = empty.get(process)
    if (!isEmptyPoll(value)) empty.delete(process)
    else if (known === undefined) empty.set(process, { fromNs: timeNs, toNs: timeNs })
    else known.toNs = timeNs
  }
  return [...empty.values()].some(({ fromNs, toNs }) => (toNs - fromNs) / 1e6 >= WITHOUT_NEWS_MS_MAX / 2)
}

function isEmptyPoll(value: HistoryValue): boolean {
  const [[, messages]] = value as readonly [readonly [string, ReadonlyMap<string, readonly HistoryValue[]>]]
  return [...messages.values()].every(({ length }) => length === 0)
}

/**
 * All keys from their beginning, by a new client, until the last known offset of each was polled, or nothing more came for
 * some time.
 */
function pollToTheEnd(
  keys: LogKeys,
  ends: ReadonlyMap<string, number>,
  { clientOf, onEnd }: { readonly clientOf: () => LogClient | undefined; readonly onEnd: () => void },
): Generator {
  let newsMs: number | undefined
  let position = 0
  return {
    next({ nowMs }) {
      if (newsMs === undefined) {
        newsMs = nowMs
        return asked({ f: 'crash', value: null })
      }
      const client = clientOf()
      if (client !== undefined && client.position > position) {
        position = client.position
        newsMs = nowMs
      }
      const isOver = nowMs - newsMs >= WITHOUT_NEWS_MS_MAX
      if (client === undefined || !client.isAssigned)
        return isOver ? done : asked({ f: 'assign', value: keys.all })
      if (client.hasReached(ends) || (isOver && client.hasFoundNothing)) {
        onEnd()
        return done
      }
      return isOver ? done : asked({ f: 'poll', value: [['poll']] })
    },
  }
}

interface LogClientOptions {
  /** The greatest offset known of each key, of all clients. */
  readonly ends: Map<string, number>
  /** Whether it polls from the beginning, instead of where somebody left off. */
  readonly startsOver: boolean
  readonly onClose: () => void
}

/** A client of logs: it knows where it is in each, and says what it has processed. */
class LogClient implements WorkloadClient {
  isAssigned = false
  /** Its last poll that was answered brought no message. */
  hasFoundNothing = false
  readonly #call: NodeCall
  readonly #options: LogClientOptions
  /** The offset to poll next, by assigned key. */
  #offsets = new Map<string, number>()

  constructor(call: NodeCall, options: LogClientOptions) {
    this.#call = call
    this.#options = options
  }

  hasReached(ends: ReadonlyMap<string, number>): boolean {
    return [...ends].every(([key, end]) => (this.#offsets.get(key) ?? 0) > end)
  }

  /** Grows with what it polls. */
  get position(): number {
    let sum = 0
    for (const offset of this.#offsets.values()) sum += offset
    return sum
  }

  invoke(request: { readonly f: string; readonly value: HistoryValue }): Promise<Answer> {
    return withErrors([], request, async () => {
      switch (request.f) {
        case 'send':
          return ok(await this.#send(request.value))
        case 'poll':
          return ok(await this.#poll())
        case 'assign':
          await this.#assign(request.value as readonly string[])
          return ok(request.value)
        default:
          return { type: 'info', error: 'crashed' }
      }
    })
  }

  async #send(value: HistoryValue): Promise<HistoryValue> {
    const [[, key, message]] = value as readonly [readonly [string, string, number]]
    const { offset } = await this.#call(sendRpc, { key, msg: message })
    this.#isKnown(key, offset)
    return [['send', key, [offset, message]]]
  }

  async #poll(): Promise<HistoryValue> {
    const { msgs } = await this.#call(pollRpc, { offsets: Object.fromEntries(this.#offsets) })
    const processed: Record<string, number> = {}
    for (const [key, pairs] of Object.entries(msgs)) {
      for (const [offset] of pairs) {
        this.#isKnown(key, offset)
        processed[key] = Math.max(processed[key] ?? 0, offset)
        this.#offsets.set(key, Math.max(this.#offsets.get(key) ?? 0, offset + 1))
      }
    }
    this.hasFoundNothing = Object.keys(processed).length === 0
    if (!this.hasFoundNothing) await this.#commit(processed)
    return [['poll', historyValueOf(msgs)]]
  }

  /** What was polled was polled, whether or not it is known to be: who comes after begins earlier then. */
  async #commit(offsets: Readonly<Record<string, number>>): Promise<void> {
    try {
      await this.#call(commitRpc, { offsets })
    } catch (error) {
      if (!(error instanceof RpcError)) throw error
    }
  }

  /** It goes on where it was in those that it keeps, and where somebody left off in the others. */
  async #assign(keys: readonly string[]): Promise<void> {
    if (this.#options.startsOver) {
      this.#offsets = new Map(keys.map((key) => [key, 0]))
      this.isAssigned = true
      return
    }
    const { offsets } = await this.#call(committedRpc, { keys })
    this.#offsets = new Map(
      keys.map((key) => {
        const committed = offsets[key]
        return [key, this.#offsets.get(key) ?? (committed === undefined ? 0 : committed + 1)]
      }),
    )
    this.isAssigned = true
  }

  async close(): Promise<void> {
    this.#options.onClose()
  }

  #isKnown(key: string, offset: number): void {
    const { ends } = this.#options
    ends.set(key, Math.max(ends.get(key) ?? 0, offset))
  }
}
