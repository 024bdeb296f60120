import { Buffer } from 'node:buffer'
import { deflateRawSync } from 'node:zlib'
import type { HistoryValue } from '../../verify/history/event.ts'
import type { FaultSpan } from '../../workloads/run/test-record.ts'
import {
  differences,
  FAILED,
  OK,
  type PackedAnomaly,
  type PackedHistory,
  UNKNOWN,
} from '../view/packed-history.ts'
import { describeValue } from './describe-operation.ts'
import type { ReportOperation } from './report-operation.ts'

export interface HistoryToPack {
  readonly operations: readonly ReportOperation[]
  readonly hasTimes: boolean
  /** Times count from here. */
  readonly startMs: number
  readonly faults: readonly FaultSpan[]
  readonly anomalies: readonly PackedAnomaly[]
}

/** Of all texts together; they are cut shorter and shorter until they fit. The history's file has them whole. */
const CHARACTERS_IN_ALL_MAX = 6_000_000
const charactersMaxTried = [400, 120, 48, 20] as const
/** Of operations that an anomaly names, which are worth reading whole. */
const ANOMALOUS_CHARACTERS_MAX = 4_000

const outcomeCodes = { ok: OK, failed: FAILED, unknown: UNKNOWN } as const

export function packHistory(
  history: HistoryToPack,
  charactersInAllMax = CHARACTERS_IN_ALL_MAX,
): PackedHistory {
  for (const charactersMax of charactersMaxTried) {
    const packed = packWithin(history, charactersMax, charactersInAllMax)
    if (packed !== undefined) return packed
  }
  return packWithin(history, charactersMaxTried.at(-1)!, Number.POSITIVE_INFINITY)!
}

function packWithin(
  { operations, hasTimes, startMs, faults, anomalies }: HistoryToPack,
  charactersMax: number,
  charactersInAllMax: number,
): PackedHistory | undefined {
  const functions = new Interned()
  const processes = new Interned()
  const texts = new Interned()
  const anomalous = new Set(anomalies.flatMap(({ calls }) => calls))
  const micros = (timeNs: number): number => Math.round((timeNs - startMs * 1e6) / 1e3)
  const columns: Record<
    'events' | 'duration' | 'f' | 'outcome' | 'key' | 'value' | 'answer' | 'error',
    number[]
  > = { events: [], duration: [], f: [], outcome: [], key: [], value: [], answer: [], error: [] }
  const time: number[] = []
  const process: number[] = []
  for (const operation of operations) {
    const { call, end, callNs, endNs, value, answer } = operation
    const most = anomalous.has(call) ? ANOMALOUS_CHARACTERS_MAX : charactersMax
    const textOf = (part: HistoryValue | undefined): number =>
      part === undefined ? 0 : texts.placeOf(describeValue(part, most)) + 1
    columns.events.push(end === undefined ? 0 : end - call)
    time.push(micros(callNs))
    columns.duration.push(Math.max(0, micros(endNs) - micros(callNs)))
    process.push(processes.placeOf(String(operation.process)))
    columns.f.push(functions.placeOf(operation.f))
    columns.outcome.push(outcomeCodes[operation.outcome])
    columns.key.push(textOf(operation.key))
    columns.value.push(textOf(value))
    columns.answer.push(textOf(answer))
    columns.error.push(textOf(operation.error))
    if (texts.characters > charactersInAllMax) return undefined
  }
  return {
    functions: functions.all,
    processes: processes.all,
    texts: texts.all,
    charactersMax,
    hasTimes,
    call: differences(operations.map(({ call }) => call)),
    time: differences(time),
    process: differences(process),
    ...columns,
    faults: faults.map(({ kind, described, beginMs, endMs, error }) => ({
      kind,
      described,
      error: error ?? '',
      begin: micros(beginMs * 1e6),
      end: endMs === undefined ? micros(operations.at(-1)?.endNs ?? beginMs * 1e6) : micros(endMs * 1e6),
    })),
    anomalies,
  }
}

/** For a page: characters of base64 alone, so that nothing in it can end the element that it stands in. */
export function compressed(packed: PackedHistory): string {
  return Buffer.from(deflateRawSync(JSON.stringify(packed), { level: 4 })).toString('base64')
}

class Interned {
  readonly all: string[] = []
  readonly #places = new Map<string, number>()
  #characters = 0

  get characters(): number {
    return this.#characters
  }

  placeOf(text: string): number {
    const known = this.#places.get(text)
    if (known !== undefined) return known
    const place = this.all.length
    this.#places.set(text, place)
    this.all.push(text)
    this.#characters += text.length
    return place
  }
}
