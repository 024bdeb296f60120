import type { HistoryValue } from '../../history/event.ts'
import type { RecordedHistory } from '../../history/recorded-history.ts'
import type { RecordedOperation } from '../../history/recorded-operation.ts'
import type { CheckResult } from '../../verdict/verdict.ts'
import { AnomalyList, conclude, counted } from '../anomaly-list.ts'
import type { CheckOptions } from '../check-options.ts'
import { didNotHappen, operationsOf, spentOn, wrongShape } from '../client-operations.ts'
import { type Integer, integerFrom } from '../integer.ts'

export interface CausalRegisterOptions extends CheckOptions {
  /** What the register holds before the first write; 0 unless told. */
  readonly initial?: number
  /** What a read of nil is: `any` value, or `absent`, the initial one. Unless told `absent` in our own histories, else `any`. */
  readonly nilRead?: 'any' | 'absent'
}

export interface CausalRegisterResult extends CheckResult {
  readonly statistics: CausalRegisterStatistics
}

export interface CausalRegisterStatistics {
  readonly writes: number
  readonly reads: number
  /** Reads of nil that were taken to be of any value. */
  readonly nilReads: number
  readonly wrongReads: number
}

interface Written {
  readonly value: Integer
  readonly call: number
}

/**
 * Whether one chain of causally ordered operations on a register appears in its order: each read finds the write before
 * it.
 *
 * ```ts
 * checkIndependent(history, checkCausalRegister, {}) // read-init 0, write 1, read 1, write 2, read 2, for each key
 * ```
 *
 * Operations on one register come one after another, each caused by the one before, whichever site serves them; written
 * values grow. A write without an answer may take effect at any later time; the first read that finds it says when.
 */
export function checkCausalRegister(
  history: RecordedHistory,
  options: CausalRegisterOptions = {},
): CausalRegisterResult {
  const operations = operationsOf(history, ['read-init', 'read', 'write'])
  const names = ['stale-read', 'failed-write-read', 'unwritten-value'] as const
  const anomalies = new AnomalyList(names, options)
  const nilIsAny = (options.nilRead ?? (history.origin === 'dure' ? 'absent' : 'any')) === 'any'
  const initial: Integer = options.initial ?? 0
  let certain: Written = { value: initial, call: -1 }
  /** Writes without an answer that no read has found yet: each may take effect at any time, once. */
  const open = new Map<Integer, Written>()
  const calls = new Map<Integer, RecordedOperation>()
  let [reads, writes, nilReads] = [0, 0, 0]
  let before: RecordedOperation | undefined
  let greatest: Integer = initial

  for (const operation of operations) {
    if (operation.outcome !== 'unknown') {
      if (before !== undefined && before.return! > operation.call) throw overlap(history, operation, before)
      before = operation
    }
    if (operation.f === 'write') {
      const value = integerOrThrow(history, operation.call, operation.value)
      if (value <= greatest)
        throw wrongShape(history, operation.call, operation.value, {
          expected: `a value greater than ${greatest}, which was there before`,
          advice:
            'The check of a causal register tells older from newer by values that grow with each write.',
        })
      greatest = value
      calls.set(value, operation)
      if (didNotHappen(operation)) continue
      writes++
      const written = { value, call: operation.call }
      if (operation.outcome === 'ok') certain = written
      else open.set(value, written)
      continue
    }
    if (operation.outcome !== 'ok') continue
    reads++
    if (operation.answer === null && nilIsAny) {
      nilReads++
      continue
    }
    const found =
      operation.answer === null ? initial : integerOrThrow(history, operation.return!, operation.answer)
    const late = open.get(found)
    if (late !== undefined) {
      certain = late
      open.delete(found)
    } else if (found !== certain.value) report(operation, { found, certain, initial, calls }, anomalies)
  }

  return {
    ...conclude(anomalies, {
      subject: 'The causal register',
      unknown:
        reads === nilReads ? 'Nothing can be said of the causal register: no read found a value.' : undefined,
      valid: `${counted(reads, 'read')} found the write before it in a chain of ${counted(writes, 'write')}.`,
      spent: spentOn(operations.length, calls.size),
    }),
    statistics: {
      ...{ writes, reads, nilReads },
      wrongReads: names.reduce((sum, name) => sum + anomalies.counts[name], 0),
    },
  }
}

function report(
  read: RecordedOperation,
  known: {
    readonly found: Integer
    readonly certain: Written
    readonly initial: Integer
    readonly calls: ReadonlyMap<Integer, RecordedOperation>
  },
  anomalies: AnomalyList<'stale-read' | 'failed-write-read' | 'unwritten-value'>,
): void {
  const { found, certain } = known
  const before =
    certain.call < 0 ? `the initial ${certain.value}` : `the ${certain.value} of operation ${certain.call}`
  const write = known.calls.get(found)
  const events = [...(write === undefined ? [] : [write.call]), ...(certain.call < 0 ? [] : [certain.call])]
  const because = `Operation ${read.call} read ${found}, but ${before} was there before it in the chain`
  if (write !== undefined && didNotHappen(write))
    anomalies.add('failed-write-read', () => ({
      explanation: `${because}, and the write of ${found}, operation ${write.call}, failed.`,
      events: [...events, read.call],
    }))
  else if (write !== undefined || found === known.initial)
    anomalies.add('stale-read', () => ({
      explanation: `${because}, and ${found} is older.`,
      drawing: `  ${found} ──▶ ${certain.value} ──▶ read ${found} (operation ${read.call})`,
      events: [...events, read.call],
    }))
  else
    anomalies.add('unwritten-value', () => ({
      explanation: `${because}, and nobody had written ${found}.`,
      events: [...events, read.call],
    }))
}

function overlap(history: RecordedHistory, operation: RecordedOperation, before: RecordedOperation) {
  return wrongShape(history, operation.call, operation.value, {
    expected: `a call after operation ${before.call} had returned, at ${before.return}`,
    advice:
      'Operations on a causal register come one after another. If there are several registers, check key by key.',
  })
}

function integerOrThrow(history: RecordedHistory, index: number, found: HistoryValue | undefined): Integer {
  const integer = integerFrom(found)
  if (integer !== undefined) return integer
  throw wrongShape(history, index, found, {
    expected: 'an integer',
    advice: 'A causal register holds 1, 2 and so on. If values are [key, value] pairs, check key by key.',
  })
}
