import type { HistoryEvent, HistoryValue } from '../history/event.ts'
import type { RecordedHistory } from '../history/recorded-history.ts'
import { seededRandom } from './random-history.ts'
import {
  type StoreFault,
  type StoreIsolation,
  type StoreTransaction,
  TransactionStore,
} from './transaction-store.ts'

export interface RandomTransactionsOptions {
  readonly seed: number
  readonly workload: 'list-append' | 'rw-register'
  readonly isolation: StoreIsolation
  readonly fault?: StoreFault
  readonly transactions: number
  readonly clients: number
  /** How many keys are in use at a time. */
  readonly keys: number
  /** After so many writes a key is left and a new one taken. */
  readonly writesPerKey: number
  readonly stepsMax: number
  /** How many transactions their client gives up. */
  readonly abortRate?: number
  /** How many end without an answer; half of those commit. */
  readonly unknownRate?: number
  /** How many transactions only read: none but by chance unless said. */
  readonly readOnlyRate?: number
}

interface Client {
  process: number
  asked: HistoryValue[]
  answered: HistoryValue[]
  transaction: StoreTransaction | undefined
  isCommitting: boolean
  /** Steps of the transaction that are still to be done: keys, and whether to write. */
  plan: { readonly key: number; readonly value: number | undefined }[]
}

/** For tests and benchmarks: what clients of a store see that call it at random. The same for the same seed. */
export function randomTransactions(options: RandomTransactionsOptions): RecordedHistory {
  const { workload, isolation, fault, abortRate = 0, unknownRate = 0, readOnlyRate = 0 } = options
  const random = seededRandom(options.seed)
  const below = (count: number): number => Math.floor(random() * count)
  const store = new TransactionStore(isolation, fault, random)
  const events: HistoryEvent[] = []
  const writes = new Map<number, number>()
  const keys = Array.from({ length: options.keys }, (_, at) => at)
  let nextKey = options.keys
  let nextProcess = options.clients
  let called = 0
  let open = 0

  const planStep = (readOnly: boolean): Client['plan'][number] => {
    const slot = below(keys.length)
    const key = keys[slot]!
    if (readOnly || random() < 0.5) return { key, value: undefined }
    const value = (writes.get(key) ?? 0) + 1
    writes.set(key, value)
    if (value === options.writesPerKey) keys[slot] = nextKey++
    return { key, value }
  }

  const call = (client: Client): void => {
    called++
    open++
    const readOnly = random() < readOnlyRate
    client.plan = Array.from({ length: 1 + below(options.stepsMax) }, () => planStep(readOnly))
    client.asked = client.plan.map(({ key, value }) => stepOf(key, value, null))
    client.answered = []
    client.transaction = store.begin()
    record(client, 'invoke', client.asked)
  }

  const stepOf = (key: number, value: number | undefined, found: HistoryValue): HistoryValue =>
    value === undefined ? ['r', key, found] : [workload === 'list-append' ? 'append' : 'w', key, value]

  const record = (client: Client, type: HistoryEvent['type'], value: HistoryValue): void => {
    events.push({ index: events.length, process: client.process, type, f: 'txn', value })
  }

  const step = (client: Client, transaction: StoreTransaction): void => {
    const { key, value } = client.plan.shift()!
    let found: HistoryValue = null
    if (value !== undefined) transaction.write(key, value)
    else {
      const list = transaction.read(key)
      found = workload === 'list-append' ? list : (list.at(-1) ?? null)
    }
    client.answered.push(stepOf(key, value, found))
  }

  const end = (client: Client, transaction: StoreTransaction): void => {
    if (!client.isCommitting && random() < abortRate) {
      transaction.abort()
      return close(client, 'fail')
    }
    if (!client.isCommitting && random() < unknownRate) {
      if (random() < 0.5) while (transaction.commit() === undefined);
      else transaction.abort()
      close(client, 'info')
      client.process = nextProcess++
      return
    }
    const committed = transaction.commit()
    client.isCommitting = committed === undefined
    if (committed !== undefined) close(client, committed ? 'ok' : 'fail')
  }

  const close = (client: Client, type: 'ok' | 'fail' | 'info'): void => {
    open--
    client.transaction = undefined
    record(client, type, type === 'ok' ? client.answered : client.asked)
  }

  const clients: Client[] = Array.from({ length: options.clients }, (_, process) => ({
    process,
    asked: [],
    answered: [],
    transaction: undefined,
    isCommitting: false,
    plan: [],
  }))
  while (called < options.transactions || open > 0) {
    const client = clients[below(clients.length)]!
    const { transaction } = client
    if (transaction === undefined) {
      if (called < options.transactions) call(client)
    } else if (client.plan.length > 0) step(client, transaction)
    else end(client, transaction)
  }
  return { origin: 'jepsen', events }
}
