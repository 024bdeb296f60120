import type { HistoryValue } from '../../history/event.ts'
import type { RecordedHistory } from '../../history/recorded-history.ts'
import type { RecordedOperation } from '../../history/recorded-operation.ts'
import { formatValue } from '../../history/value/format-value.ts'
import type { CheckResult } from '../../verdict/verdict.ts'
import { AnomalyList, conclude, counted } from '../anomaly-list.ts'
import type { CheckOptions } from '../check-options.ts'
import { type ElementKey, elementKey, never, operationsOf, spentOn } from '../client-operations.ts'
import { ElementIndex } from '../element-index.ts'
import { type Quantiles, quantilesOf } from '../quantiles.ts'
import { type AddedElement, addedElements, elementsRead, whyUnexpected } from './elements.ts'

export interface SetFullOptions extends CheckOptions {
  /** Whether an element must be in every read that begins after it is known to be there: a stale read is an anomaly. */
  readonly linearizable?: boolean
}

export interface SetFullResult extends CheckResult {
  readonly statistics: SetFullStatistics
}

export interface SetFullStatistics {
  readonly attempted: number
  /** Elements that, from some read on, were in every read. */
  readonly stable: number
  /** Elements that were known to be there and were in no read from some read on. */
  readonly lost: number
  /** Elements of which no read says whether they stayed. */
  readonly neverRead: number
  /** Stable elements that a read missed although it began after they were known to be there. */
  readonly stale: number
  /** Elements that one read had more than once. */
  readonly duplicated: number
  readonly unexpected: number
  readonly failed: number
  readonly reads: number
  /** From when a stable element was known to when it stayed; undefined without times or stable elements. */
  readonly stableLatencyMs: Quantiles | undefined
  /** From when a lost element was known to when it was gone. */
  readonly lostLatencyMs: Quantiles | undefined
  /** The stale elements that took longest, worst first. */
  readonly worstStale: readonly StaleElement[]
}

export interface StaleElement {
  readonly element: HistoryValue
  /** The event from which on it was known to be there: the return of its add, or of the first read that had it. */
  readonly known: number
  /** The last read without it. */
  readonly lastAbsent: number
  readonly latencyMs: number | undefined
}

const names = [
  'lost-element',
  'stale-read',
  'duplicate-element',
  'failed-element',
  'unexpected-element',
] as const

type SetAnomalies = AnomalyList<(typeof names)[number]>

/** What reads said of an element; reads by their place in the order of their calls. */
interface Life {
  readonly value: HistoryValue
  /** The call of its first add that did not fail. */
  readonly call: number
  known: number
  knownTimeNs: number | undefined
  lastPresent: number
  lastAbsent: number
  readonly added: AddedElement
}

/**
 * Follows every element through all reads: when it was known to be there, and whether it stayed.
 *
 * ```ts
 * checkSetFull(history, { linearizable: true }).statistics.stableLatencyMs
 * ```
 *
 * An element is known from the return of its add, or of the first read that had it. It is lost when the last read that
 * began after that misses it, and stale when a read in between did.
 */
export function checkSetFull(history: RecordedHistory, options: SetFullOptions = {}): SetFullResult {
  const operations = operationsOf(history, ['add', 'read'])
  const added = addedElements(operations)
  const reads = operations.filter(({ f, outcome }) => f === 'read' && outcome === 'ok')
  const anomalies: SetAnomalies = new AnomalyList(names, options)
  const { lives, values } = followElements(history, reads, added, anomalies)
  const stale: StaleElement[] = []
  const [stableLatencies, lostLatencies]: [number[], number[]] = [[], []]
  let [stable, neverRead] = [0, 0]

  for (const life of lives) {
    const { known, lastPresent, lastAbsent } = life
    const absentCall = lastAbsent < 0 ? -1 : reads[lastAbsent]!.call
    if (lastPresent > lastAbsent) {
      stable++
      const latencyMs = latencyOf(life, lastAbsent < 0 ? undefined : reads[lastAbsent]!.callTimeNs)
      if (latencyMs !== undefined) stableLatencies.push(latencyMs)
      if (absentCall <= known) continue
      stale.push({ element: life.value, known, lastAbsent: absentCall, latencyMs })
      if (options.linearizable === true)
        anomalies.add('stale-read', () => tellMissed(life, absentCall, 'but a later read has it again'))
    } else if (absentCall > known) {
      const presentTimeNs = lastPresent < 0 ? life.knownTimeNs : reads[lastPresent]!.callTimeNs
      const latencyMs = latencyOf(life, presentTimeNs)
      if (latencyMs !== undefined) lostLatencies.push(latencyMs)
      anomalies.add('lost-element', () => tellMissed(life, absentCall, 'and no later read has it'))
    } else neverRead++
  }
  const worstFirst = stale.sort((a, b) => (b.latencyMs ?? 0) - (a.latencyMs ?? 0) || a.known - b.known)
  return {
    ...conclude(anomalies, {
      subject: 'The set',
      unknown: stable === 0 ? whyUnknown(added.size, reads.length) : undefined,
      valid: `${counted(stable, 'element')} stayed in the set, ${stale.length} of them after a stale read; ${neverRead} were not read.`,
      spent: spentOn(operations.length + values, 2 * added.size),
    }),
    statistics: {
      ...{ attempted: added.size, stable, neverRead, stale: stale.length, reads: reads.length },
      lost: anomalies.counts['lost-element'],
      duplicated: anomalies.counts['duplicate-element'],
      unexpected: anomalies.counts['unexpected-element'],
      failed: anomalies.counts['failed-element'],
      stableLatencyMs: quantilesOf(stableLatencies),
      lostLatencyMs: quantilesOf(lostLatencies),
      worstStale: worstFirst.slice(0, 8),
    },
  }
}

/**
 * One look at each value of each read, not one at each element for each read: an element that is seen again after reads
 * that missed it was absent in the one before.
 */
function followElements(
  history: RecordedHistory,
  reads: readonly RecordedOperation[],
  added: ReadonlyMap<ElementKey, AddedElement>,
  anomalies: SetAnomalies,
): { readonly lives: readonly Life[]; readonly values: number } {
  const index = new ElementIndex()
  const lives: Life[] = []
  for (const element of added.values()) {
    index.add(element.value)
    lives.push({
      value: element.value,
      call: element.call,
      known: element.acknowledged,
      knownTimeNs: element.acknowledgedTimeNs,
      lastPresent: -1,
      lastAbsent: -1,
      added: element,
    })
  }
  const duplicated = new Set<number>()
  const unexpected = new Set<ElementKey>()
  let values = 0
  for (let place = 0; place < reads.length; place++) {
    const read = reads[place]!
    const returned = read.return!
    for (const value of elementsRead(history, read)) {
      values++
      const at = index.indexOf(value)
      const life = at < 0 ? undefined : lives[at]!
      if (life === undefined || life.call > returned) tellUnexpected(read, value, life, unexpected, anomalies)
      if (life === undefined) continue
      if (life.lastPresent === place) {
        if (!duplicated.has(at))
          anomalies.add('duplicate-element', () => ({
            explanation: `Operation ${read.call} read element ${formatValue(value)} more than once.`,
            events: [read.call],
          }))
        duplicated.add(at)
        continue
      }
      if (life.lastPresent < place - 1) life.lastAbsent = place - 1
      life.lastPresent = place
      if (returned < life.known) {
        life.known = returned
        life.knownTimeNs = read.returnTimeNs
      }
    }
  }
  for (const life of lives) if (life.lastPresent < reads.length - 1) life.lastAbsent = reads.length - 1
  return { lives, values }
}

/** Once for each element, however many reads have it. */
function tellUnexpected(
  read: RecordedOperation,
  value: HistoryValue,
  life: Life | undefined,
  told: Set<ElementKey>,
  anomalies: SetAnomalies,
): void {
  const key = elementKey(value)
  const because = whyUnexpected(life?.added, read.return!)
  if (because === undefined || told.has(key)) return
  told.add(key)
  anomalies.add(because.name, () => ({
    explanation: `Operation ${read.call} read element ${formatValue(value)}, but ${because.because}.`,
    events: [read.call],
  }))
}

function tellMissed(life: Life, absentCall: number, after: string) {
  const { value, known, added } = life
  const how =
    known === added.acknowledged
      ? `was added by operation ${added.firstCall}, acknowledged at ${known}`
      : `was in the read that returned at ${known}`
  return {
    explanation: `Element ${formatValue(value)} ${how}, but the read of operation ${absentCall}, which began after that, does not have it, ${after}.`,
    drawing: [
      `  ${String(known).padStart(8)}  ${formatValue(value, { charactersMax: 20 })} is there`,
      `  ${String(absentCall).padStart(8)}  ${formatValue(value, { charactersMax: 20 })} is missing from a read`,
    ].join('\n'),
    events: [added.firstCall, known, absentCall].filter((index) => index !== never),
  }
}

/** From when it was known, in whole milliseconds as Jepsen counts them; 0 when the change came before that. */
function latencyOf(life: Life, changeTimeNs: number | undefined): number | undefined {
  if (life.knownTimeNs === undefined) return undefined
  if (changeTimeNs === undefined) return life.lastAbsent < 0 ? 0 : undefined
  return Math.max(0, Math.trunc((changeTimeNs + 1 - life.knownTimeNs) / 1_000_000))
}

function whyUnknown(attempted: number, reads: number): string {
  if (attempted === 0) return 'Nothing can be said of the set: nothing was added to it.'
  if (reads === 0) return 'Nothing can be said of the set: the history has no read that returned ok.'
  return 'Nothing can be said of the set: no read found an element, and none was known to be there.'
}
