import { describe, expect, test } from 'vitest'
import { parseHistory } from '../history/parse-history.ts'
import type { RecordedHistory } from '../history/recorded-history.ts'
import { externalHistories } from '../history/testing/external-histories.ts'
import {
  concurrentHistory,
  end,
  invoke,
  recordedHistory,
  type SketchedTransaction,
  serialHistory,
} from '../testing/transaction-history.ts'
import { checkTransactions, type TransactionsResult } from './check-transactions.ts'

const steps = (...all: SketchedTransaction['steps']): SketchedTransaction => ({ steps: all })
const failed = (...all: SketchedTransaction['steps']): SketchedTransaction => ({
  steps: all,
  outcome: 'failed',
})
const unknown = (...all: SketchedTransaction['steps']): SketchedTransaction => ({
  steps: all,
  outcome: 'unknown',
})

const lists = (history: RecordedHistory, consistency?: string): TransactionsResult =>
  checkTransactions(history, { workload: 'list-append', consistency })
const registers = (history: RecordedHistory, consistency?: string): TransactionsResult =>
  checkTransactions(history, { workload: 'rw-register', consistency })
const names = ({ anomalies, notes }: TransactionsResult): string[] => [
  ...new Set([...anomalies, ...notes].map(({ name }) => name)),
]

describe('one anomaly each, of lists', () => {
  test('internal: a read that does not find what the transaction appended', () => {
    const history = concurrentHistory(steps(['append', 'x', 1], ['r', 'x', []]))
    expect(names(lists(history))).toEqual(['internal'])
    expect(lists(history).verdict).toBe('invalid')
    expect(lists(history, 'read-committed').verdict).toBe('valid')
    expect(lists(history, 'read-committed').notes).toHaveLength(1)
  })

  test('G1a: a read of what was aborted', () => {
    const result = lists(
      concurrentHistory(failed(['append', 'x', 1]), steps(['r', 'x', [1]])),
      'read-committed',
    )
    expect(names(result)).toEqual(['G1a'])
    expect(result.verdict).toBe('invalid')
    expect(result.anomalies[0]!.events).toEqual([1, 0])
  })

  test('G1b: a read of a state in the middle of a transaction', () => {
    const history = concurrentHistory(
      steps(['append', 'x', 1], ['append', 'x', 2]),
      steps(['r', 'x', [1]]),
      steps(['r', 'x', [1, 2]]),
    )
    expect(lists(history, 'read-committed').anomalies.map(({ name }) => name)).toContain('G1b')
    expect(lists(history, 'read-uncommitted').verdict).toBe('valid')
  })

  test('dirty-update: an append on top of an aborted one', () => {
    const history = concurrentHistory(
      failed(['append', 'x', 1]),
      steps(['append', 'x', 2]),
      steps(['r', 'x', [1, 2]]),
    )
    expect(names(lists(history)).sort()).toEqual(['G1a', 'dirty-update'])
  })

  test('lost-update: two read the same and both append', () => {
    const history = concurrentHistory(
      steps(['r', 'x', []], ['append', 'x', 1]),
      steps(['r', 'x', []], ['append', 'x', 2]),
      steps(['r', 'x', [1, 2]]),
    )
    expect(names(lists(history))).toEqual(expect.arrayContaining(['lost-update', 'G-single-item']))
    expect(lists(history, 'snapshot-isolation').verdict).toBe('invalid')
    expect(lists(history, 'causal-cerone').verdict).toBe('valid')
  })

  test('duplicate-elements: one element twice', () => {
    const history = concurrentHistory(steps(['append', 'x', 1]), steps(['r', 'x', [1, 1]]))
    expect(names(lists(history))).toEqual(['duplicate-elements'])
    expect(lists(history, 'read-uncommitted').verdict).toBe('invalid')
  })

  test('incompatible-order: two reads that no one list had', () => {
    const history = concurrentHistory(
      steps(['append', 'x', 1]),
      steps(['append', 'x', 2]),
      steps(['r', 'x', [1]]),
      steps(['r', 'x', [2]]),
    )
    expect(names(lists(history))).toEqual(['incompatible-order'])
    expect(lists(history, 'read-committed').verdict).toBe('invalid')
  })

  test('future-read: a read of what the transaction appends later', () => {
    const history = concurrentHistory(steps(['r', 'x', [1]], ['append', 'x', 1]))
    expect(names(lists(history))).toEqual(['future-read'])
    expect(lists(history, 'read-committed').verdict).toBe('invalid')
  })

  test('garbage-read: a read of what nobody appended', () => {
    const history = concurrentHistory(steps(['append', 'x', 1]), steps(['r', 'x', [7, 1]]))
    expect(names(lists(history))).toEqual(['garbage-read'])
    expect(lists(history, 'read-uncommitted').verdict).toBe('invalid')
  })

  test('G0: two keys whose appends went in opposite orders', () => {
    const history = concurrentHistory(
      steps(['append', 'x', 1], ['append', 'y', 1]),
      steps(['append', 'x', 2], ['append', 'y', 2]),
      steps(['r', 'x', [1, 2]]),
      steps(['r', 'y', [2, 1]]),
    )
    expect(names(lists(history))).toContain('G0')
    expect(lists(history, 'read-uncommitted').verdict).toBe('invalid')
  })

  test('G1c: two transactions that read of each other', () => {
    const history = concurrentHistory(
      steps(['append', 'x', 1], ['r', 'y', [1]]),
      steps(['append', 'y', 1], ['r', 'x', [1]]),
    )
    expect(names(lists(history))).toEqual(['G1c'])
    expect(lists(history, 'read-committed').verdict).toBe('invalid')
    expect(lists(history, 'read-uncommitted').verdict).toBe('valid')
  })

  test('fractured-read: one write of a transaction seen, the other missed', () => {
    const history = concurrentHistory(
      steps(['append', 'x', 1], ['append', 'y', 1]),
      steps(['r', 'x', [1]], ['r', 'y', []]),
      steps(['r', 'y', [1]]),
    )
    expect(names(lists(history))).toEqual(['fractured-read'])
    expect(lists(history, 'read-atomic').verdict).toBe('invalid')
    expect(lists(history, 'read-committed').verdict).toBe('valid')
  })

  test('causality-violation: an effect seen without its cause', () => {
    const history = concurrentHistory(
      steps(['append', 'x', 1]),
      steps(['r', 'x', [1]], ['append', 'y', 1]),
      steps(['r', 'y', [1]], ['r', 'x', []]),
    )
    expect(names(lists(history))).toEqual(['causality-violation'])
    expect(lists(history, 'causal-cerone').verdict).toBe('invalid')
    expect(lists(history, 'read-atomic').verdict).toBe('valid')
  })

  test('G-single-item: a missed write on a way with a write dependency', () => {
    const history = concurrentHistory(
      steps(['append', 'x', 1], ['append', 'z', 1]),
      steps(['append', 'z', 2], ['append', 'y', 1]),
      steps(['r', 'y', [1]], ['r', 'x', []]),
      steps(['r', 'z', [1, 2]]),
      steps(['r', 'x', [1]]),
    )
    expect(names(lists(history))).toEqual(['G-single-item'])
    expect(lists(history, 'parallel-snapshot-isolation').verdict).toBe('invalid')
    expect(lists(history, 'causal-cerone').verdict).toBe('valid')
  })

  test('long-fork: two readers see two writes in opposite orders', () => {
    const history = concurrentHistory(
      steps(['append', 'x', 1]),
      steps(['append', 'y', 1]),
      steps(['r', 'x', [1]], ['r', 'y', []]),
      steps(['r', 'y', [1]], ['r', 'x', []]),
    )
    expect(names(lists(history))).toEqual(['long-fork'])
    expect(lists(history, 'snapshot-isolation').verdict).toBe('invalid')
    expect(lists(history, 'prefix').verdict).toBe('invalid')
    expect(lists(history, 'parallel-snapshot-isolation').verdict).toBe('valid')
  })

  test('G-nonadjacent-item: the same with a write dependency before one of the missed writes', () => {
    const history = concurrentHistory(
      steps(['append', 'x', 1], ['append', 'a', 1]),
      steps(['append', 'y', 1], ['append', 'b', 1]),
      steps(['append', 'a', 2], ['r', 'y', []]),
      steps(['append', 'b', 2], ['r', 'x', []]),
      steps(['r', 'a', [1, 2]]),
      steps(['r', 'b', [1, 2]]),
    )
    expect(names(lists(history))).toEqual(['G-nonadjacent-item'])
    expect(lists(history, 'snapshot-isolation').verdict).toBe('invalid')
    expect(lists(history, 'prefix').verdict).toBe('valid')
    expect(lists(history, 'parallel-snapshot-isolation').verdict).toBe('valid')
  })

  test('G2-item: write skew, which snapshot isolation allows', () => {
    const history = concurrentHistory(
      steps(['r', 'x', []], ['append', 'y', 1]),
      steps(['r', 'y', []], ['append', 'x', 1]),
    )
    expect(names(lists(history))).toEqual(['G2-item'])
    expect(lists(history).verdict).toBe('invalid')
    expect(lists(history, 'repeatable-read').verdict).toBe('invalid')
    expect(lists(history, 'update-serializable').verdict).toBe('invalid')
    expect(lists(history, 'snapshot-isolation').verdict).toBe('valid')
    expect(lists(history, 'snapshot-isolation').notes.map(({ name }) => name)).toEqual(['G2-item'])
  })

  test('G2: the same where one of the reads was by a predicate that the caller knows of', () => {
    const history = concurrentHistory(steps(['append', 'y', 1]), steps(['r', 'y', []], ['append', 'x', 1]))
    const result = checkTransactions(history, {
      workload: 'list-append',
      predicateReads: [{ reader: 0, writer: 1 }],
    })
    expect(names(result)).toEqual(['G2'])
    expect(result.models.violated).toContain('serializable')
    expect(result.models.strongestPossible).toContain('repeatable-read')
  })

  test('G0-process, G1c-process, G-single-process: one client, its transactions against its own order', () => {
    const mine = (...all: SketchedTransaction['steps']): SketchedTransaction => ({ steps: all, process: 7 })
    const reader = { ...steps(['r', 'x', [2, 1]]), process: 8 }
    const writes = serialHistory(mine(['append', 'x', 1]), mine(['append', 'x', 2]), reader)
    expect(lists(writes).verdict).toBe('valid')
    expect(names(lists(writes, 'strong-session-serializable'))).toContain('G0-process')
    expect(lists(writes, 'strong-session-read-uncommitted').verdict).toBe('invalid')

    const reads = serialHistory(mine(['r', 'x', [1]]), mine(['append', 'x', 1]))
    expect(names(lists(reads, 'strong-session-read-committed'))).toEqual(['G1c-process'])

    const stale = serialHistory(mine(['append', 'x', 1]), mine(['r', 'x', []]))
    expect(lists(stale).verdict).toBe('valid')
    expect(names(lists(stale, 'strong-session-snapshot-isolation'))).toEqual(['fractured-read-process'])
    expect(lists(stale, 'read-your-writes').verdict).toBe('invalid')
  })

  test('G-single-realtime: a stale read of what another client was told is there', () => {
    const history = serialHistory(
      { ...steps(['append', 'x', 1]), process: 0 },
      { ...steps(['r', 'x', []]), process: 1 },
      { ...steps(['r', 'x', [1]]), process: 2 },
    )
    expect(lists(history).verdict).toBe('valid')
    expect(lists(history, 'strong-session-serializable').verdict).toBe('valid')
    expect(names(lists(history, 'strict-serializable'))).toEqual(['G-single-item-realtime'])
    expect(lists(history, 'strong-snapshot-isolation').verdict).toBe('invalid')
  })

  test('G2-item-process and G2-item-realtime: two missed writes, closed by the order of a client, or of time', () => {
    // The last reads x before the long one appends to it, which reads y before the first one appends to that.
    const first = steps(['append', 'y', 1])
    const long = steps(['r', 'y', []], ['append', 'x', 1])
    const last = steps(['r', 'x', []])
    const by = (process: number): RecordedHistory =>
      recordedHistory(
        invoke(0, long),
        invoke(1, first),
        end(1, first),
        invoke(process, last),
        end(process, last),
        end(0, long),
      )
    expect(lists(by(1)).verdict).toBe('valid')
    expect(names(lists(by(1), 'strong-session-serializable'))).toEqual(['G2-item-process'])
    expect(lists(by(2), 'strong-session-serializable').verdict).toBe('valid')
    expect(names(lists(by(2), 'strict-serializable'))).toEqual(['G2-item-realtime'])
    expect(lists(by(2), 'strong-snapshot-isolation').verdict).toBe('valid')
  })
})

describe('one anomaly each, of registers', () => {
  test('internal', () => {
    expect(names(registers(concurrentHistory(steps(['w', 'x', 1], ['r', 'x', null]))))).toEqual(['internal'])
  })

  test('non-repeatable-read, which contradicts itself as well', () => {
    const history = concurrentHistory(steps(['w', 'x', 1]), steps(['r', 'x', null], ['r', 'x', 1]))
    expect(names(registers(history))).toEqual(expect.arrayContaining(['internal', 'non-repeatable-read']))
    const unordered = concurrentHistory(
      steps(['w', 'x', 1]),
      steps(['w', 'x', 2]),
      steps(['r', 'x', 2], ['r', 'x', 1]),
    )
    expect(names(registers(unordered))).toEqual(['non-repeatable-read', 'internal'])
    expect(registers(unordered, 'repeatable-read').verdict).toBe('invalid')
    expect(registers(unordered, 'read-committed').verdict).toBe('valid')
  })

  test('G1a', () => {
    expect(names(registers(concurrentHistory(failed(['w', 'x', 1]), steps(['r', 'x', 1]))))).toEqual(['G1a'])
  })

  test('G1b', () => {
    const history = concurrentHistory(steps(['w', 'x', 1], ['w', 'x', 2]), steps(['r', 'x', 1]))
    expect(names(registers(history))).toEqual(['G1b'])
  })

  test('garbage-read', () => {
    expect(names(registers(concurrentHistory(steps(['r', 'x', 9]))))).toEqual(['garbage-read'])
  })

  test('future-read', () => {
    expect(names(registers(concurrentHistory(steps(['r', 'x', 1], ['w', 'x', 1]))))).toEqual(['future-read'])
  })

  test('lost-update', () => {
    const history = concurrentHistory(
      steps(['w', 'x', 1]),
      steps(['r', 'x', 1], ['w', 'x', 2]),
      steps(['r', 'x', 1], ['w', 'x', 3]),
    )
    expect(names(registers(history))).toContain('lost-update')
    expect(registers(history, 'snapshot-isolation').verdict).toBe('invalid')
    expect(registers(history, 'causal-cerone').verdict).toBe('valid')
  })

  test('cyclic-versions: two transactions each wrote what the other read before it wrote', () => {
    const history = concurrentHistory(
      steps(['r', 'x', 2], ['w', 'x', 1]),
      steps(['r', 'x', 1], ['w', 'x', 2]),
    )
    expect(names(registers(history))).toEqual(expect.arrayContaining(['cyclic-versions', 'G1c']))
    expect(registers(history, 'read-committed').verdict).toBe('invalid')
    expect(registers(history, 'read-uncommitted').verdict).toBe('valid')
  })

  test('write skew from the initial state', () => {
    const history = concurrentHistory(
      steps(['r', 'x', null], ['w', 'y', 1]),
      steps(['r', 'y', null], ['w', 'x', 1]),
    )
    expect(names(registers(history))).toEqual(['G2-item'])
    expect(registers(history, 'snapshot-isolation').verdict).toBe('valid')
    const without = checkTransactions(history, { workload: 'rw-register', initialState: false })
    expect(without.verdict).toBe('valid')
  })

  test('what is unknown happened once somebody read of it, with all that it wrote, and else may not have', () => {
    const unread = concurrentHistory(unknown(['w', 'x', 1]), steps(['r', 'x', null]))
    expect(registers(unread).verdict).toBe('valid')
    const missed = concurrentHistory(
      unknown(['w', 'x', 1], ['w', 'y', 1]),
      steps(['r', 'x', 1], ['r', 'y', null]),
    )
    expect(names(registers(missed))).toEqual(['fractured-read'])
  })

  test('sequential keys: a client that goes back to an older version', () => {
    const history = serialHistory(
      { ...steps(['w', 'x', 1]), process: 0 },
      { ...steps(['w', 'x', 2]), process: 0 },
      { ...steps(['r', 'x', 2], ['r', 'y', null]), process: 1 },
      { ...steps(['w', 'y', 1], ['r', 'x', 1]), process: 2 },
    )
    expect(registers(history).verdict).toBe('valid')
    const result = checkTransactions(history, { workload: 'rw-register', sequentialKeys: true })
    expect(result.verdict).toBe('invalid')
    expect(result.anomalies[0]!.explanation).toContain(
      'write of 1 to key "x" and then T1\'s write of 2 are by one client, process 0, and key "x" is sequentially consistent',
    )
  })

  test('linearizable keys: a version read after a newer one was there', () => {
    const history = serialHistory(
      { ...steps(['w', 'x', 1]), process: 0 },
      { ...steps(['w', 'x', 2]), process: 1 },
      { ...steps(['r', 'x', 1]), process: 2 },
    )
    expect(registers(history).verdict).toBe('valid')
    const result = checkTransactions(history, { workload: 'rw-register', linearizableKeys: true })
    expect(names(result)).toEqual(['cyclic-versions'])
    expect(result.anomalies[0]!.explanation).toBe(
      'The versions 1, 2 of key "x" come before themselves: ' +
        'T1\'s write of 1 to key "x" had returned before T2\'s write of 2 was called, and key "x" is linearizable; ' +
        'T2\'s write of 2 to key "x" had returned before T3\'s read of 1 was called, and key "x" is linearizable. ' +
        'That contradicts the option linearizableKeys. T1 is event 0, T2 is event 2, T3 is event 4.',
    )
  })

  test('linearizable keys: what a cycle was inferred from is said by who returned before whose call', () => {
    const history = serialHistory(
      { ...steps(['w', 'x', 1]), process: 0 },
      { ...steps(['w', 'x', 2], ['r', 'y', null]), process: 1 },
      { ...steps(['w', 'y', 1]), process: 2 },
      { ...steps(['w', 'y', 2], ['r', 'x', 1]), process: 3 },
    )
    const events = history.events.map((event, index) => ({ ...event, index }))
    // The last is called first, so that its read of x may be of the older version.
    const early = { ...history, events: [events[6]!, ...events.slice(0, 6), events[7]!] }
    const numbered = { ...early, events: early.events.map((event, index) => ({ ...event, index })) }
    const result = checkTransactions(numbered, { workload: 'rw-register', linearizableKeys: true })
    expect(result.anomalies.map(({ explanation }) => explanation).join('\n')).toContain(
      'write of 1 to key "x" had returned before T',
    )
  })
})

describe('histories that others recorded', () => {
  const verdictOf = (name: string, workload: 'list-append' | 'rw-register', consistency: string) => {
    const file = externalHistories('elle')?.find((each) => each.name === `elle/${name}`)
    if (file === undefined) return undefined
    return checkTransactions(parseHistory(file.bytes), { workload, consistency })
  }

  test.each(['paper-example.edn', 'paper-example.json'])(
    '%s is G-single-item, and not even repeatable read',
    (name) => {
      const result = verdictOf(name, 'list-append', 'repeatable-read')
      if (result === undefined) return
      expect(result.verdict).toBe('invalid')
      expect(names(result)).toEqual(['G-single-item'])
      expect(result.models.weakestViolated).toContain('repeatable-read')
    },
  )

  test('list-append-gh-30 is not serializable', () => {
    const result = verdictOf('list-append-gh-30.edn', 'list-append', 'serializable')
    if (result !== undefined) expect([result.verdict, names(result)]).toEqual(['invalid', ['G2-item']])
  })

  test.each([
    ['causal', 'causal'],
    ['read-atomic', 'strong-session-read-atomic'],
    ['read-committed', 'strong-session-read-committed'],
  ])('sessions that are %s are not convicted of violating it', (folder, consistency) => {
    for (const { name, bytes } of externalHistories(`isolation/${folder}`) ?? []) {
      const history = parseHistory(bytes, { fileName: name, format: 'isolation' })
      expect(registers(history, consistency).verdict, name).toBe('valid')
    }
  })

  test('sessions where a client reads of its own future are not even read committed', () => {
    for (const { bytes } of externalHistories('isolation/none') ?? []) {
      const result = registers(parseHistory(bytes, { format: 'isolation' }), 'strong-session-read-committed')
      expect(names(result)).toEqual(['G1c-process'])
    }
  })

  test('sessions have no real time: strict serializability is refused', () => {
    const history: RecordedHistory = { ...concurrentHistory(steps(['w', 'x', 1])), origin: 'isolation' }
    expect(() => registers(history, 'strict-serializable')).toThrow(
      /asks for real time.*strong-session-serializable/,
    )
  })

  test('rw-register is as Elle says but for a read of what nobody wrote, which is told apart', () => {
    const result = verdictOf('rw-register.edn', 'rw-register', 'strict-serializable')
    if (result !== undefined) expect(names(result)).toEqual(['garbage-read'])
  })
})

describe('many at once', () => {
  const many = (count: number, each: (at: number) => SketchedTransaction): SketchedTransaction[] =>
    Array.from({ length: count }, (_, at) => each(at))

  test('a thousand that read nothing and append what nobody reads: any two of them are a lost update', () => {
    const history = concurrentHistory(...many(1000, (at) => steps(['r', 'x', []], ['append', 'x', at])))
    const result = lists(history, 'snapshot-isolation')
    expect([result.verdict, result.counts.get('lost-update')]).toEqual(['invalid', 999])
    expect(result.cycles[0]!.edges).toHaveLength(2)
    expect(result.anomalies.every(({ explanation }) => explanation.length < 1000)).toBe(true)
  })

  test('a thousand that read nothing and a thousand that write: fine, and a reader that saw one is not', () => {
    const readers = many(1000, () => steps(['r', 'x', null]))
    const writers = many(1000, (at) => steps(['w', 'x', at], ['w', 'y', at]))
    expect(registers(concurrentHistory(...readers, ...writers)).verdict).toBe('valid')
    const odd = steps(['r', 'y', 700], ['r', 'x', null])
    const result = registers(concurrentHistory(...readers, ...writers, odd), 'read-atomic')
    expect(names(result)).toEqual(['fractured-read'])
    expect(result.anomalies[0]!.events).toEqual([1700, 2000])
  })

  test('a chain of ten thousand does not overflow the stack, and its one long cycle is found', () => {
    const count = 10_000
    const chain = many(count, (at) => steps(['r', at, [1]], ['append', (at + 1) % count, 1]))
    const result = lists(concurrentHistory(...chain), 'read-committed')
    expect(names(result)).toEqual(['G1c'])
    expect(result.cycles[0]!.edges).toHaveLength(count)
    const [{ explanation, drawing }] = result.anomalies as [TransactionsResult['anomalies'][0]]
    expect(explanation).toContain('… 9988 more, each before the next')
    expect(explanation.split('\n')).toHaveLength(14)
    expect(drawing).toContain('T10000 event')
  })
})
