import type { RecordedHistory } from '../../history/recorded-history.ts'
import type { RecordedOperation } from '../../history/recorded-operation.ts'
import type { CheckResult } from '../../verdict/verdict.ts'
import { AnomalyList, conclude, counted } from '../anomaly-list.ts'
import type { CheckOptions } from '../check-options.ts'
import { never, operationsOf, spentOn, wrongShape } from '../client-operations.ts'
import { forEachEnd } from '../for-each-end.ts'
import { type Integer, integerFrom } from '../integer.ts'

export interface FencedMutualExclusionOptions extends CheckOptions {
  /**
   * Whether holds of the lock may overlap in time. `allowed` unless told: a holder that was paused past the end of its
   * lease does not know it, and its token does the rest. `forbidden` asks for a lock without leases.
   */
  readonly overlap?: 'allowed' | 'forbidden'
}

export interface FencedMutualExclusionResult extends CheckResult {
  readonly statistics: FencedMutualExclusionStatistics
}

export interface FencedMutualExclusionStatistics {
  readonly grants: number
  /** Uses of the resource that it accepted. */
  readonly accepted: number
  /** Uses that it refused. */
  readonly refused: number
  /** Grants made while an earlier holder had not let go. */
  readonly overlaps: number
}

type Name =
  | 'duplicate-token'
  | 'stale-token-accepted'
  | 'token-not-growing'
  | 'ungranted-token'
  | 'overlapping-holds'

/** An operation and the token that it is about. */
interface Tokened {
  readonly operation: RecordedOperation
  readonly token: Integer
}

/**
 * Whether a lock with fencing tokens keeps two holders from working on a resource at once.
 *
 * ```ts
 * checkFencedMutualExclusion(history) // acquire answers 33; { f: 'use', value: 33 } is ok or fails; { f: 'release', value: 33 }
 * ```
 *
 * Every grant has a token of its own, greater than those of all grants before; and once the resource accepted a token it
 * accepts none that is less. Holds may overlap, uses may not.
 */
export function checkFencedMutualExclusion(
  history: RecordedHistory,
  options: FencedMutualExclusionOptions = {},
): FencedMutualExclusionResult {
  const operations = operationsOf(history, ['acquire', 'use', 'release'])
  const anomalies = new AnomalyList<Name>(
    ['stale-token-accepted', 'duplicate-token', 'token-not-growing', 'ungranted-token', 'overlapping-holds'],
    options,
  )
  const grants = new Map<Integer, RecordedOperation>()
  const releases = new Map<Integer, number>()
  let [accepted, refused, unanswered] = [0, 0, 0]
  for (const operation of operations) {
    const { f, outcome } = operation
    if (f === 'release') {
      const token = tokenOf(history, operation.call, operation.value)
      // A release that failed let nothing go.
      if (outcome !== 'failed') releases.set(token, Math.min(operation.call, releases.get(token) ?? never))
    } else if (f === 'use') {
      if (outcome === 'ok') accepted++
      if (outcome === 'failed') refused++
    } else if (outcome === 'unknown') unanswered++
    else if (outcome === 'ok') {
      const token = tokenOf(history, operation.return!, operation.answer)
      const before = grants.get(token)
      if (before === undefined) grants.set(token, operation)
      else
        anomalies.add('duplicate-token', () => ({
          explanation: `Operations ${before.call} and ${operation.call} were both granted the lock with token ${token}.`,
          events: [before.call, operation.call],
        }))
    }
  }
  findShrinking(history, operations, anomalies)
  for (const operation of operations) {
    if (operation.f !== 'use' || operation.outcome !== 'ok') continue
    const token = tokenOf(history, operation.call, operation.value)
    const grant = grants.get(token)
    // An acquire without an answer may have been granted it.
    if (grant === undefined ? unanswered > 0 : grant.call < operation.return!) continue
    const because =
      grant === undefined ? 'nobody was granted' : `was granted only later, to operation ${grant.call}`
    anomalies.add('ungranted-token', () => ({
      explanation: `Operation ${operation.call} was accepted with token ${token}, which ${because}.`,
      events: [operation.call],
    }))
  }
  const overlaps = countOverlaps(grants, releases, options, anomalies)
  return {
    ...conclude(anomalies, {
      subject: 'Mutual exclusion',
      unknown:
        grants.size === 0
          ? 'Nothing can be said of mutual exclusion: the lock was never granted.'
          : undefined,
      valid: `The tokens of ${counted(grants.size, 'grant')} grow, and ${counted(accepted, 'use')} of the resource never went back to an older one.`,
      spent: spentOn(2 * operations.length, grants.size + releases.size),
    }),
    statistics: { grants: grants.size, accepted, refused, overlaps },
  }
}

/** Of grants, and of accepted uses: one that was called after another had returned must not have a lesser token. */
function findShrinking(
  history: RecordedHistory,
  operations: readonly RecordedOperation[],
  anomalies: AnomalyList<Name>,
): void {
  const newest: { acquire?: Tokened; use?: Tokened } = {}
  /** The greatest token that had been granted, or accepted, when each open operation was called. */
  const atCall = new Map<RecordedOperation, Tokened | undefined>()
  forEachEnd(operations, (operation, end) => {
    const { f, outcome } = operation
    if ((f !== 'acquire' && f !== 'use') || outcome !== 'ok') return
    if (end === 'call') {
      atCall.set(operation, newest[f])
      return
    }
    const token =
      f === 'acquire'
        ? tokenOf(history, operation.return!, operation.answer)
        : tokenOf(history, operation.call, operation.value)
    const before = atCall.get(operation)
    atCall.delete(operation)
    if (before !== undefined && before.token > token)
      tellShrinking(f, before, { operation, token }, anomalies)
    if (newest[f] === undefined || newest[f].token < token) newest[f] = { operation, token }
  })
}

function tellShrinking(
  f: 'acquire' | 'use',
  before: Tokened,
  { operation, token }: Tokened,
  anomalies: AnomalyList<Name>,
): void {
  const events = [before.operation.call, operation.call]
  if (f === 'acquire')
    anomalies.add('token-not-growing', () => ({
      explanation: `Operation ${operation.call} was granted token ${token}, after operation ${before.operation.call} had been granted ${before.token}, which is greater.`,
      events,
    }))
  else
    anomalies.add('stale-token-accepted', () => ({
      explanation: `Operation ${operation.call} was accepted with token ${token}, after operation ${before.operation.call} had been accepted with ${before.token}: an older holder worked on after a newer one.`,
      drawing: [
        `  resource  use ${before.token} (${before.operation.call}) ok, returned at ${before.operation.return}`,
        `  resource  use ${token} (${operation.call}) ok   ◀── older token`,
      ].join('\n'),
      events,
    }))
}

/** A hold lasts from the return of its acquire to the call of its release, which is when it is certain. */
function countOverlaps(
  grants: ReadonlyMap<Integer, RecordedOperation>,
  releases: ReadonlyMap<Integer, number>,
  options: FencedMutualExclusionOptions,
  anomalies: AnomalyList<Name>,
): number {
  const holds = [...grants]
    .map(([token, { call, return: start }]) => ({
      token,
      call,
      start: start!,
      end: releases.get(token) ?? never,
    }))
    .sort((a, b) => a.start - b.start)
  let overlaps = 0
  let longest: (typeof holds)[number] | undefined
  for (const hold of holds) {
    const holder = longest
    if (holder !== undefined && holder.end > hold.start) {
      overlaps++
      if (options.overlap === 'forbidden')
        anomalies.add('overlapping-holds', () => ({
          explanation: `Operation ${hold.call} was granted the lock at ${hold.start}, while the holder of operation ${holder.call} had it${holder.end === never ? ' and never let go' : ` until ${holder.end}`}.`,
          events: [holder.call, hold.call],
        }))
    }
    if (longest === undefined || hold.end > longest.end) longest = hold
  }
  return overlaps
}

function tokenOf(history: RecordedHistory, index: number, found: RecordedOperation['answer']): Integer {
  const token = integerFrom(found)
  if (token !== undefined) return token
  throw wrongShape(history, index, found, {
    expected: 'a fencing token, an integer',
    advice: 'An acquire answers with its token; a use and a release name it.',
  })
}
