import { unreachable } from '../../../foundation/assert.ts'
import type { Operation } from '../history/operation.ts'
import { mix } from './search/mix.ts'
import type { Specification } from './specification.ts'
import type { CompiledModel } from './versioned/compiled-model.ts'
import { describeInput, describeOutput } from './versioned/describe-key-value.ts'
import { VersionedSearch } from './versioned/search.ts'
import { type Span, type ValueSpan, zonesContradict } from './zones.ts'

/** What a client asked of a key-value store. Versions are plain numbers, 0 for "must not exist". */
export type KeyValueInput =
  | { readonly kind: 'get'; readonly key: string }
  | {
      readonly kind: 'put'
      readonly key: string
      readonly value: string
      readonly ifVersion?: number | undefined
    }
  | { readonly kind: 'delete'; readonly key: string; readonly ifVersion?: number | undefined }
  /** Each key is written once at most. */
  | {
      readonly kind: 'commit'
      readonly comparisons: readonly { readonly key: string; readonly version: number }[]
      /** `value` undefined removes the key. */
      readonly operations: readonly { readonly key: string; readonly value: string | undefined }[]
    }

/** What it saw. Whatever is left out is not checked. */
export type KeyValueOutput =
  /** Of a get: `value` undefined when absent. */
  | { readonly kind: 'value'; readonly value: string | undefined; readonly version?: number | undefined }
  /** Of a write that happened. `existed`: for each written key, whether it was there before. */
  | {
      readonly kind: 'written'
      readonly version?: number | undefined
      readonly existed?: readonly boolean[] | undefined
    }
  /** Of a write whose comparison did not hold: an answer, so record it as `ok`. `found`: for each compared key. */
  | { readonly kind: 'comparison-failed'; readonly found?: readonly number[] | undefined }

/**
 * Registers with versions: a version belongs to one write and grows along the writes of a key. A write that did not
 * tell its version has one that is learned when somebody reads it.
 */
export const keyValueModel: Specification<KeyValueInput, KeyValueOutput> = {
  keysOf(input) {
    if (input.kind !== 'commit') return [input.key]
    return [...new Set([...input.comparisons, ...input.operations].map(({ key }) => key))]
  },
  observes: (input) => input.kind === 'get',
  prepare: (operations, keys) => ({
    // What is known of versions and values depends on which operations there are: each choice is compiled anew.
    search(chosen) {
      const some = Array.from(chosen, (place) => operations[place]!)
      const intervals = some.map(({ call, outcome, return: returned }) => ({
        call,
        returned: outcome === 'ok' ? returned : undefined,
      }))
      return new VersionedSearch(intervals, compileKeyValue(some, keys), chosen)
    },
  }),
  describe: (input, output) =>
    `${describeInput(input)}${output === undefined ? '' : ` → ${describeOutput(output)}`}`,
}

/** Prepares the operations of one part; afterwards they are known by their place in the list. */
export function compileKeyValue(
  operations: readonly Operation<KeyValueInput, KeyValueOutput>[],
  keys: readonly string[],
): CompiledModel<unknown> {
  return new KeyValuePartition(operations, keys) as CompiledModel<unknown>
}

/** A key's state. `value` is a number that stands for the text. */
interface Register {
  readonly value: number
  /** `UNTOLD` when no one has seen it yet. */
  readonly version: number
  /** The newest version that this key is known to have had. */
  readonly newest: number
}

type State = readonly Register[]

const ABSENT = 0
/** Values that no read returned cannot be told apart, so they are not: writes of them can stand for each other. */
const UNREAD = 1
const UNTOLD = -1

interface Step {
  readonly kind: 'read' | 'written' | 'comparison-failed' | 'unknown'
  readonly comparisons: readonly { readonly key: number; readonly version: number }[]
  readonly writes: readonly { readonly key: number; readonly value: number }[]
  /** What a read saw, or the version that a write was given; undefined when not told. */
  readonly version: number | undefined
  readonly existed: readonly boolean[] | undefined
  readonly found: readonly number[] | undefined
  readonly read: { readonly key: number; readonly value: number } | undefined
}

class KeyValuePartition implements CompiledModel<State> {
  readonly initial: State
  readonly #keys: readonly string[]
  readonly #steps: readonly Step[]
  readonly #predecessors: readonly (readonly number[])[]
  /** For each key, the versions that acknowledged writes were given: no other write has them. */
  readonly #told: readonly ReadonlySet<number>[]
  readonly #valueTexts: string[] = ['', 'a value that nobody read']
  readonly #facts: Facts
  readonly #spans: readonly Span[]
  readonly #touches: readonly (readonly number[])[]

  constructor(operations: readonly Operation<KeyValueInput, KeyValueOutput>[], keys: readonly string[]) {
    this.#keys = keys
    this.initial = keys.map(() => ({ value: ABSENT, version: ABSENT, newest: 0 }))
    const keyNumbers = new Map(keys.map((key, i) => [key, i]))
    const valueNumbers = new Map<string, number>()
    const keyNumber = (key: string): number => keyNumbers.get(key)!
    const valuesRead = new Set(
      operations.flatMap(({ output }) => (output?.kind === 'value' ? [output.value] : [])),
    )
    const valueNumber = (value: string | undefined): number => {
      if (value === undefined) return ABSENT
      if (!valuesRead.has(value)) return UNREAD
      const known = valueNumbers.get(value)
      if (known !== undefined) return known
      valueNumbers.set(value, this.#valueTexts.length)
      return this.#valueTexts.push(value) - 1
    }
    this.#steps = operations.map((operation) => toStep(operation, keyNumber, valueNumber))
    const writes = writesByVersion(this.#steps, keys.length)
    this.#told = writes.map((ofKey) => new Set(ofKey.map(({ version }) => version)))
    this.#predecessors = predecessorsOf(this.#steps, writes)
    this.#facts = new Facts(this.#steps, keys.length)
    this.#spans = operations.map(({ call, return: returned, outcome }) => ({
      call,
      returned: outcome === 'ok' ? returned! : Number.POSITIVE_INFINITY,
    }))
    this.#touches = operations.map(({ input }) => keyValueModel.keysOf(input).map(keyNumber))
  }

  isContradiction(): boolean {
    const writersOf = this.#keys.map(() => new Map<number, number[]>())
    for (const [operation, { writes }] of this.#steps.entries()) {
      for (const { key, value } of writes) {
        const writers = writersOf[key]!.get(value)
        if (writers === undefined) writersOf[key]!.set(value, [operation])
        else writers.push(operation)
      }
    }
    const values = this.#keys.map(() => new Map<number, { write: Span; reads: Span[] }>())
    const writes: Span[][] = this.#keys.map(() => [])
    for (const [operation, { kind, read }] of this.#steps.entries()) {
      if (kind !== 'read' || read!.value === ABSENT) continue
      const { key, value } = read!
      const writers = writersOf[key]!.get(value)
      if (writers === undefined) return true
      if (writers.length > 1) continue
      let span = values[key]!.get(value)
      if (span === undefined)
        values[key]!.set(value, (span = { write: this.#spans[writers[0]!]!, reads: [] }))
      span.reads.push(this.#spans[operation]!)
    }
    for (const [operation, step] of this.#steps.entries()) {
      if (step.kind !== 'written') continue
      for (const { key, value } of step.writes)
        if (!values[key]!.has(value)) writes[key]!.push(this.#spans[operation]!)
    }
    return values.some((ofKey, key) =>
      zonesContradict([...ofKey.values()] satisfies ValueSpan[], writes[key]!),
    )
  }

  step(state: State, operation: number): State | undefined {
    const step = this.#steps[operation]!
    switch (step.kind) {
      case 'read': {
        const { key, value } = step.read!
        if (state[key]!.value !== value) return undefined
        return value === ABSENT || step.version === undefined ? state : this.#holds(state, key, step.version)
      }
      case 'comparison-failed':
        return this.#comparisonFailed(state, step)
      case 'written':
      case 'unknown':
        return this.#write(state, step)
      default:
        return unreachable(step.kind)
    }
  }

  observes(operation: number): boolean {
    const { kind, writes, existed } = this.#steps[operation]!
    if (kind === 'read' || kind === 'comparison-failed') return true
    // A delete that found nothing is a read of nothing.
    return kind === 'written' && writes.every(({ value }, i) => value === ABSENT && existed?.[i] === false)
  }

  equal(left: State, right: State): boolean {
    if (left === right) return true
    for (let i = 0; i < left.length; i++) {
      const a = left[i]!
      const b = right[i]!
      if (a !== b && (a.value !== b.value || a.version !== b.version || a.newest !== b.newest)) return false
    }
    return true
  }

  hash(state: State): number {
    let hash = 0
    for (const { value, version, newest } of state)
      hash = mix(hash ^ mix(value) ^ mix(version * 31 + newest)) + 1
    return hash | 0
  }

  predecessors(operation: number): readonly number[] {
    return this.#predecessors[operation]!
  }

  touches(operation: number): readonly number[] {
    return this.#touches[operation]!
  }

  get keys(): number {
    return this.#keys.length
  }

  get facts(): number {
    return this.#facts.count
  }

  needs(operation: number): readonly number[] {
    return this.#facts.needs[operation]!
  }

  ends(state: State, operation: number): readonly number[] {
    const { kind, writes } = this.#steps[operation]!
    if (kind === 'read' || kind === 'comparison-failed') return NO_FACTS
    const ended: number[] = []
    for (const { key } of writes) {
      const { value, version } = state[key]!
      if (value === ABSENT) continue
      const ofVersion = this.#facts.versions[key]!.get(version)
      if (ofVersion !== undefined) ended.push(ofVersion)
      const ofValue = this.#facts.values[key]!.get(value)
      if (ofValue !== undefined) ended.push(ofValue)
    }
    return ended
  }

  sameEffect(left: number, right: number): boolean {
    const a = this.#steps[left]!
    const b = this.#steps[right]!
    return (
      a.comparisons.length === b.comparisons.length &&
      a.comparisons.every(({ key, version }, i) => {
        const other = b.comparisons[i]!
        return key === other.key && version === other.version
      }) &&
      a.writes.length === b.writes.length &&
      a.writes.every((write, i) => write.key === b.writes[i]!.key && write.value === b.writes[i]!.value)
    )
  }

  describe(state: State): string {
    return state
      .map(({ value, version }, i) => {
        if (value === ABSENT) return `${this.#keys[i]} absent`
        return `${this.#keys[i]} = ${this.#valueTexts[value]} (version ${version === UNTOLD ? 'not seen yet' : version})`
      })
      .join(', ')
  }

  /** The state in which the key has this version, having learned it if it was not told; undefined if it cannot have. */
  #holds(state: State, key: number, version: number): State | undefined {
    const register = state[key]!
    if (version === ABSENT) return register.value === ABSENT ? state : undefined
    if (register.value === ABSENT) return undefined
    if (register.version === version) return state
    if (register.version !== UNTOLD || version <= register.newest || this.#told[key]!.has(version))
      return undefined
    return state.with(key, { value: register.value, version, newest: version })
  }

  #comparisonFailed(state: State, { comparisons, found }: Step): State | undefined {
    if (found !== undefined) {
      let learned: State | undefined = state
      let differs = false
      for (let i = 0; i < comparisons.length && learned !== undefined; i++) {
        differs ||= found[i] !== comparisons[i]!.version
        learned = this.#holds(learned, comparisons[i]!.key, found[i]!)
      }
      return differs ? learned : undefined
    }
    // A version that was not told may be another one: taken as such, which can only excuse too much.
    for (const { key, version } of comparisons) {
      const register = state[key]!
      const current = register.value === ABSENT ? ABSENT : register.version
      if (current !== version) return state
    }
    return undefined
  }

  #write(state: State, { comparisons, writes, version, existed }: Step): State | undefined {
    let after: State | undefined = state
    for (const comparison of comparisons) {
      after = this.#holds(after, comparison.key, comparison.version)
      if (after === undefined) return undefined
    }
    const result = after.slice()
    for (let i = 0; i < writes.length; i++) {
      const { key, value } = writes[i]!
      const register = after[key]!
      if (existed !== undefined && existed[i] !== (register.value !== ABSENT)) return undefined
      if (value === ABSENT) {
        result[key] = { value: ABSENT, version: ABSENT, newest: register.newest }
      } else if (version === undefined) {
        result[key] = { value, version: UNTOLD, newest: register.newest }
      } else {
        if (version <= register.newest) return undefined
        result[key] = { value, version, newest: version }
      }
    }
    return result
  }
}

function toStep(
  { input, output, outcome }: Operation<KeyValueInput, KeyValueOutput>,
  keyNumber: (key: string) => number,
  valueNumber: (value: string | undefined) => number,
): Step {
  const base = {
    comparisons: [],
    writes: [],
    version: undefined,
    existed: undefined,
    found: undefined,
    read: undefined,
  }
  if (input.kind === 'get') {
    if (output?.kind !== 'value') throw new TypeError('the output of a get that is ok is a value')
    return {
      ...base,
      kind: 'read',
      version: output.version,
      read: { key: keyNumber(input.key), value: valueNumber(output.value) },
    }
  }
  const { comparisons, operations } = asCommit(input)
  const step = {
    ...base,
    comparisons: comparisons.map(({ key, version }) => ({ key: keyNumber(key), version })),
    writes: operations.map(({ key, value }) => ({ key: keyNumber(key), value: valueNumber(value) })),
  }
  if (outcome === 'unknown') return { ...step, kind: 'unknown' }
  if (output?.kind === 'written') {
    return { ...step, kind: 'written', version: output.version, existed: output.existed }
  }
  if (output?.kind !== 'comparison-failed')
    throw new TypeError('the output of a write that is ok says how it ended')
  return { ...step, kind: 'comparison-failed', found: output.found }
}

function asCommit(input: Exclude<KeyValueInput, { kind: 'get' }>) {
  if (input.kind === 'commit') return input
  const comparisons = input.ifVersion === undefined ? [] : [{ key: input.key, version: input.ifVersion }]
  return {
    comparisons,
    operations: [{ key: input.key, value: input.kind === 'put' ? input.value : undefined }],
  }
}

interface VersionedWrite {
  readonly operation: number
  readonly version: number
}

/** For each key, the acknowledged puts that told their version, by version. */
function writesByVersion(steps: readonly Step[], keys: number): VersionedWrite[][] {
  const writes: VersionedWrite[][] = Array.from({ length: keys }, () => [])
  for (const [operation, step] of steps.entries()) {
    const { version } = step
    if (step.kind !== 'written' || version === undefined) continue
    for (const { key, value } of step.writes) if (value !== ABSENT) writes[key]!.push({ operation, version })
  }
  for (const ofKey of writes) ofKey.sort((left, right) => left.version - right.version)
  return writes
}

/**
 * By version: an acknowledged write comes after the one before it on the same key, and after all that saw a version
 * older than its own.
 */
function predecessorsOf(steps: readonly Step[], writes: readonly VersionedWrite[][]): number[][] {
  const predecessors: number[][] = steps.map(() => [])
  for (const ofKey of writes) {
    for (let i = 1; i < ofKey.length; i++) predecessors[ofKey[i]!.operation]!.push(ofKey[i - 1]!.operation)
  }
  for (const [operation, step] of steps.entries()) {
    for (const { key, version } of versionsSeen(step)) {
      const next = firstNewer(writes[key]!, version)
      if (next !== undefined && next !== operation) predecessors[next]!.push(operation)
    }
  }
  return predecessors
}

/** The first acknowledged write of a key with a newer version. */
function firstNewer(writes: readonly VersionedWrite[], version: number): number | undefined {
  let low = 0
  let high = writes.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (writes[middle]!.version > version) high = middle
    else low = middle + 1
  }
  return writes[low]?.operation
}

/** The versions, not of absence, that keys had for certain when a required operation took effect. */
function versionsSeen(step: Step): { readonly key: number; readonly version: number }[] {
  switch (step.kind) {
    case 'read':
      return step.version === undefined || step.read!.value === ABSENT
        ? []
        : [{ key: step.read!.key, version: step.version }]
    case 'written':
      return step.comparisons.filter(({ version }) => version !== ABSENT)
    case 'comparison-failed':
      return step.comparisons
        .map(({ key }, i) => ({ key, version: step.found?.[i] ?? ABSENT }))
        .filter(({ version }) => version !== ABSENT)
    case 'unknown':
      return []
    default:
      return unreachable(step.kind)
  }
}

const NO_FACTS: readonly number[] = []

/** Numbers for "this key has this version" and "this key has this value, which only one operation writes". */
class Facts {
  count = 0
  readonly needs: readonly (readonly number[])[]
  readonly versions: readonly Map<number, number>[]
  readonly values: readonly Map<number, number>[]

  constructor(steps: readonly Step[], keys: number) {
    this.versions = Array.from({ length: keys }, () => new Map())
    this.values = Array.from({ length: keys }, () => new Map())
    const writers = Array.from({ length: keys }, () => new Map<number, number>())
    for (const { writes } of steps) {
      for (const { key, value } of writes) writers[key]!.set(value, (writers[key]!.get(value) ?? 0) + 1)
    }
    const numberIn = (facts: Map<number, number>, of: number): number => {
      let fact = facts.get(of)
      if (fact === undefined) facts.set(of, (fact = this.count++))
      return fact
    }
    this.needs = steps.map((step) => {
      const needs = new Set(
        versionsSeen(step).map(({ key, version }) => numberIn(this.versions[key]!, version)),
      )
      if (step.read !== undefined && step.read.value !== ABSENT) {
        const { key, value } = step.read
        if (writers[key]!.get(value) === 1) needs.add(numberIn(this.values[key]!, value))
      }
      return [...needs]
    })
  }
}
