import { assert } from '../../../../foundation/assert.ts'
import type { HistoryValue } from '../../history/event.ts'
import type { RecordedHistory } from '../../history/recorded-history.ts'
import type { RecordedOperation } from '../../history/recorded-operation.ts'
import { equalValues } from '../../history/value/equal-values.ts'
import { formatValue } from '../../history/value/format-value.ts'
import type { CheckResult, Verdict } from '../../verdict/verdict.ts'
import { AnomalyList, conclude, counted, inWords } from '../anomaly-list.ts'
import type { CheckOptions } from '../check-options.ts'
import type { ElementKey } from '../client-operations.ts'
import { spentOn } from '../client-operations.ts'
import type { Integer } from '../integer.ts'
import { type Access, accessesByObject, type ObjectAccesses } from './accesses.ts'
import { findCycle } from './find-cycle.ts'
import { type SessionGuarantee, sessionGuarantees } from './guarantee.ts'
import { type Edge, guaranteeSets, orderOf, type VersionOrder } from './version-order.ts'

export interface SessionGuaranteesOptions extends CheckOptions {
  /** What is claimed; all four unless told. */
  readonly guarantees?: readonly SessionGuarantee[]
  /** What a register holds before its first write; unless told 0 for Jepsen's registers and files of sessions, else nothing (`null`). */
  readonly initial?: HistoryValue
  /** What a read of nil is: of `any` value, or `absent`. Unless told `any` for Jepsen's registers, else `absent`. */
  readonly nilRead?: 'any' | 'absent'
}

export interface SessionGuaranteesResult extends CheckResult {
  /** Of each guarantee by itself; `unknown` when it is broken unless another one is. */
  readonly guarantees: Readonly<Partial<Record<SessionGuarantee, Verdict>>>
  readonly statistics: SessionGuaranteesStatistics
}

export interface SessionGuaranteesStatistics {
  readonly objects: number
  readonly sessions: number
  readonly reads: number
  readonly writes: number
  /** How many times two accesses of a session were compared. */
  readonly compared: number
}

/** One object's check in progress. */
interface Check {
  readonly object: ObjectAccesses
  readonly guarantees: ReadonlySet<SessionGuarantee>
  readonly anomalies: AnomalyList<string>
  /** Why this object cannot be judged, if it cannot. */
  unusable: string | undefined
  compared: number
}

/**
 * Whether each session sees its own doings in order: read your writes, monotonic reads, monotonic writes, writes follow
 * reads.
 *
 * ```ts
 * checkSessionGuarantees(history, { guarantees: ['read-your-writes', 'monotonic-reads'] }).guarantees
 * ```
 *
 * A process is a session. Where every access tells its version, each guarantee is decided by itself. Else each value is
 * written once, and the guarantees must be able to hold together for some order of the versions of each object: an
 * anomaly then names the smallest set of them that cannot.
 */
export function checkSessionGuarantees(
  history: RecordedHistory,
  options: SessionGuaranteesOptions = {},
): SessionGuaranteesResult {
  const guarantees = new Set(options.guarantees ?? sessionGuarantees)
  const sets = guaranteeSets(guarantees)
  const names = [...sets.map(nameOf), 'failed-write-read', 'unwritten-value']
  const anomalies = new AnomalyList<string>(names, options)
  const { objects, count } = accessesByObject(history)
  const sessions = new Set<number | string>()
  let [reads, writes, compared] = [0, 0, 0]
  let unusable: string | undefined
  for (const object of objects) {
    for (const { kind, session } of object.accesses) {
      sessions.add(session)
      if (kind === 'read') reads++
      else writes++
    }
    const check: Check = { object, guarantees, anomalies, unusable: undefined, compared: 0 }
    if (object.accesses.every(tellsVersion)) checkVersions(check)
    else checkValues(check, registerOf(history, options), sets)
    unusable ??= check.unusable
    compared += check.compared
  }
  const nothing = 'Nothing can be said of the session guarantees: no session used an object twice.'
  const result = conclude(anomalies, {
    subject: 'The sessions',
    unknown: unusable ?? (compared === 0 ? nothing : undefined),
    valid: `${counted(sessions.size, 'session')} kept ${inWords([...guarantees])} on ${counted(objects.length, 'object')}.`,
    spent: spentOn(count + compared, 3 * count),
  })
  return {
    ...result,
    summary: anomalies.isEmpty ? result.summary : summaryOf(anomalies),
    guarantees: verdictsOf(guarantees, sets, anomalies, result.verdict),
    statistics: { objects: objects.length, sessions: sessions.size, reads, writes, compared },
  }
}

function nameOf(guarantees: readonly SessionGuarantee[]): string {
  return guarantees.join('+')
}

function summaryOf({ counts }: AnomalyList<string>): string {
  const broken = Object.keys(counts).filter((name) => counts[name]! > 0)
  return `The sessions are wrong: ${inWords(broken.map((name) => `${name.replaceAll('+', ' together with ')} (${counts[name]})`))}.`
}

function verdictsOf(
  guarantees: ReadonlySet<SessionGuarantee>,
  sets: readonly (readonly SessionGuarantee[])[],
  anomalies: AnomalyList<string>,
  verdict: Verdict,
): Partial<Record<SessionGuarantee, Verdict>> {
  const broken = sets.filter((set) => anomalies.counts[nameOf(set)]! > 0)
  return Object.fromEntries(
    [...guarantees].map((guarantee) => {
      if (broken.some((set) => set.length === 1 && set[0] === guarantee)) return [guarantee, 'invalid']
      if (broken.some((set) => set.includes(guarantee))) return [guarantee, 'unknown']
      return [guarantee, verdict === 'unknown' ? 'unknown' : 'valid']
    }),
  )
}

function tellsVersion({ kind, value, version, operation }: Access): boolean {
  if (version !== undefined) return true
  // A write without an answer has no version to tell, and a read of nothing found what is older than all.
  return kind === 'write' ? operation.outcome !== 'ok' : value === null
}

/** The newest that a session wrote, or read, of an object. */
interface Newest {
  version: Integer
  operation: RecordedOperation
}

function checkVersions(check: Check): void {
  const written = new Map<number | string, Newest>()
  const read = new Map<number | string, Newest>()
  for (const { kind, session, version, operation } of check.object.accesses) {
    if (kind === 'write' && version === undefined) continue
    const found = version ?? Number.NEGATIVE_INFINITY
    const [ownWrites, ownReads] = [written.get(session), read.get(session)]
    const [afterWrite, afterRead]: readonly [SessionGuarantee, SessionGuarantee] =
      kind === 'read' ? ['read-your-writes', 'monotonic-reads'] : ['monotonic-writes', 'writes-follow-reads']
    compareVersions(check, afterWrite, ownWrites, found, operation)
    compareVersions(check, afterRead, ownReads, found, operation)
    const own = kind === 'read' ? ownReads : ownWrites
    if (own === undefined || own.version < found)
      (kind === 'read' ? read : written).set(session, { version: found, operation })
  }
}

function compareVersions(
  check: Check,
  guarantee: SessionGuarantee,
  before: Newest | undefined,
  version: Integer,
  operation: RecordedOperation,
): void {
  if (before === undefined || !check.guarantees.has(guarantee)) return
  check.compared++
  if (version >= before.version) return
  const doing = operationWords[guarantee]
  const found = version === Number.NEGATIVE_INFINITY ? 'nothing' : `version ${version}`
  check.anomalies.add(guarantee, () => ({
    explanation: `Session ${operation.process} ${doing[0]} version ${before.version} of ${objectName(check.object)} by operation ${before.operation.call}, and then ${doing[1]} ${found} by operation ${operation.call}, which is older.`,
    drawing: `  session ${operation.process}: ${doing[0]} ${before.version} (${before.operation.call}) ──▶ ${doing[1]} ${found} (${operation.call})`,
    events: [before.operation.call, operation.call],
  }))
}

/** What the session did before, and after. */
const operationWords: Readonly<Record<SessionGuarantee, readonly [string, string]>> = {
  'read-your-writes': ['wrote', 'read'],
  'monotonic-reads': ['read', 'read'],
  'monotonic-writes': ['wrote', 'wrote'],
  'writes-follow-reads': ['read', 'wrote'],
}

function objectName({ key }: ObjectAccesses): string {
  return key === null ? 'the object' : formatValue(key)
}

interface Register {
  readonly initial: HistoryValue
  readonly nilIsAny: boolean
  /** Whether events of different sessions have an order. */
  readonly isTimed: boolean
}

function registerOf(history: RecordedHistory, options: SessionGuaranteesOptions): Register {
  const isTimed = history.origin !== 'isolation'
  const isJepsens = history.origin === 'jepsen' && !history.events.some(({ f }) => f === 'txn')
  const nilRead = options.nilRead ?? (isJepsens ? 'any' : 'absent')
  const initial = options.initial !== undefined ? options.initial : isJepsens || !isTimed ? 0 : null
  return { initial, nilIsAny: nilRead === 'any', isTimed }
}

function checkValues(check: Check, register: Register, sets: readonly (readonly SessionGuarantee[])[]): void {
  const writes = new Map<ElementKey, Access>()
  for (const access of check.object.accesses) {
    if (access.kind === 'read') continue
    const before = writes.get(access.id)
    if (before !== undefined) {
      check.unusable = `Nothing can be said of the session guarantees on ${objectName(check.object)}: ${formatValue(access.value)} is written by operations ${before.operation.call} and ${access.operation.call}, and without versions each value must be written once.`
      return
    }
    writes.set(access.id, access)
  }
  const accesses: Access[] = []
  const known = new Map<number | string, { read?: Access; wrote?: Access }>()
  for (const access of check.object.accesses) {
    const own = known.get(access.session) ?? {}
    known.set(access.session, own)
    if (access.kind === 'write') {
      accesses.push(access)
      if (own.read !== undefined || own.wrote !== undefined) check.compared++
      if (access.operation.outcome === 'ok') own.wrote = access
      continue
    }
    if (access.value === null && register.nilIsAny) continue
    const write = writes.get(access.id)
    if (write !== undefined && !(register.isTimed && write.operation.call > access.operation.return!)) {
      accesses.push(access)
      if (own.read !== undefined || own.wrote !== undefined) check.compared++
      own.read = access
    } else if (write === undefined && isInitial(access.value, register)) {
      if (own.read !== undefined || own.wrote !== undefined) check.compared++
      tellInitial(check, access, own)
    } else tellUnwritten(check, access, write)
  }
  checkOrder(check, accesses, sets)
}

function isInitial(value: HistoryValue, { initial, nilIsAny }: Register): boolean {
  return equalValues(value, initial) || (value === null && !nilIsAny)
}

/** The initial state is older than all: a session that knows of a write must not find it. */
function tellInitial(
  check: Check,
  access: Access,
  own: { readonly read?: Access; readonly wrote?: Access },
): void {
  const { operation, value, session } = access
  for (const [guarantee, before] of [
    ['read-your-writes', own.wrote],
    ['monotonic-reads', own.read],
  ] as const) {
    if (before === undefined || !check.guarantees.has(guarantee)) continue
    check.anomalies.add(guarantee, () => ({
      explanation: `Session ${session} ${operationWords[guarantee][0]} ${formatValue(before.value)} of ${objectName(check.object)} by operation ${before.operation.call}, and then read ${formatValue(value)}, the initial state, by operation ${operation.call}.`,
      events: [before.operation.call, operation.call],
    }))
  }
}

function tellUnwritten(check: Check, { operation, id, value }: Access, write: Access | undefined): void {
  const what = `Operation ${operation.call} read ${formatValue(value)} from ${objectName(check.object)}`
  const failed = check.object.failed.get(id)
  if (write !== undefined)
    check.anomalies.add('unwritten-value', () => ({
      explanation: `${what}, but its write, operation ${write.operation.call}, was called only after the read had returned.`,
      events: [operation.call, write.operation.call],
    }))
  else if (failed !== undefined)
    check.anomalies.add('failed-write-read', () => ({
      explanation: `${what}, but its write, operation ${failed.call}, failed.`,
      events: [failed.call, operation.call],
    }))
  else
    check.anomalies.add('unwritten-value', () => ({
      explanation: `${what}, which nobody wrote.`,
      events: [operation.call],
    }))
}

function checkOrder(
  check: Check,
  accesses: readonly Access[],
  sets: readonly (readonly SessionGuarantee[])[],
): void {
  const order = orderOf(accesses, check.guarantees)
  const nodes = order.writes.length
  const all = findCycle(nodes, order.edges)
  if (all === undefined) {
    if (order.isIncomplete)
      check.unusable = `Nothing can be said of the session guarantees on ${objectName(check.object)}: too many of its reads find writes of their own session that are not its last, to compare them all.`
    return
  }
  const told: (readonly SessionGuarantee[])[] = []
  for (const set of sets) {
    if (told.some((smaller) => smaller.every((guarantee) => set.includes(guarantee)))) continue
    const cycle = findCycle(
      nodes,
      order.edges.filter(({ guarantee }) => set.includes(guarantee)),
    )
    if (cycle === undefined) continue
    told.push(set)
    check.anomalies.add(nameOf(set), () => tellCycle(check, set, cycle, order))
  }
  assert(told.length > 0, 'a cycle of all edges is one of some set of guarantees')
}

function tellCycle(
  check: Check,
  set: readonly SessionGuarantee[],
  cycle: readonly Edge[],
  order: VersionOrder,
) {
  const steps = stepsOf(cycle, order)
  const sentences = steps.map(
    ({ older, newer, guarantee, because }) =>
      `by ${guarantee}, ${formatValue(older.value)} is older than ${formatValue(newer.value)}, for session ${because.process} ${operationWords[guarantee][0]} the one before operation ${because.call} ${operationWords[guarantee][1]} the other`,
  )
  const together = set.length === 1 ? `${set[0]} cannot hold` : `${inWords(set)} cannot hold together`
  return {
    explanation: `On ${objectName(check.object)}, ${together}: ${sentences.join('; ')}.`,
    drawing: [
      `  ${formatValue(steps[0]!.older.value)}`,
      ...steps.map(
        ({ newer, guarantee, because }) =>
          `    ──${guarantee} (${because.call})──▶ ${formatValue(newer.value)}`,
      ),
    ].join('\n'),
    events: [...new Set(steps.flatMap(({ older, because }) => [older.operation.call, because.call]))],
  }
}

interface Step {
  readonly older: Access
  readonly newer: Access
  readonly guarantee: SessionGuarantee
  readonly because: RecordedOperation
}

/** The cycle from write to write: what leads through the knowledge of a session is one step, asked for by its last edge. */
function stepsOf(cycle: readonly Edge[], { writes }: VersionOrder): readonly Step[] {
  const start = cycle.findIndex(({ from }) => writes[from] !== undefined)
  assert(start >= 0, 'a cycle leads through a write: the knowledge of sessions only grows')
  const steps: Step[] = []
  let older: Access | undefined
  for (const { from, to, guarantee, because } of [...cycle.slice(start), ...cycle.slice(0, start)]) {
    older = writes[from] ?? older
    const newer = writes[to]
    if (newer !== undefined) steps.push({ older: older!, newer, guarantee, because })
  }
  return steps
}
