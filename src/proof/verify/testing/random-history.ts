import type { History, Operation } from '../history/operation.ts'
import type { KeyValueInput, KeyValueOutput } from '../linearizability/key-value-model.ts'

/** For tests: uniform in [0, 1), the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export interface RandomHistoryOptions {
  readonly seed: number
  readonly operations: number
  readonly clients: number
  readonly keys: number
  /** Of the writes: how many end unknown, half of which happen, some long after. */
  readonly unknownRate: number
  /** Of the writes: how many are commits over two keys. */
  readonly commitRate: number
  /** How many answers tell versions. */
  readonly versionRate: number
  /** How many of the values are the same few; else each is written once. */
  readonly sameValueRate: number
}

type Mutable = {
  -readonly [Name in keyof Operation<KeyValueInput, KeyValueOutput>]: Operation<
    KeyValueInput,
    KeyValueOutput
  >[Name]
}

interface Call {
  readonly operation: Mutable
  /** How it ends for the client; `apply` may come later, or never. */
  apply: (() => KeyValueOutput) | undefined
  answer: KeyValueOutput | undefined
  readonly endsUnknown: boolean
}

/** What a correct store would answer to clients that call it at random: linearizable by construction. */
export function randomHistory(options: RandomHistoryOptions): History<KeyValueInput, KeyValueOutput> {
  const random = seededRandom(options.seed)
  const below = (count: number): number => Math.floor(random() * count)
  const store = new Map<string, { value: string; version: number }>()
  const seen: number[] = []
  let version = 0
  let values = 0
  let events = 0
  const history: Mutable[] = []
  const calls: (Call | undefined)[] = new Array(options.clients).fill(undefined)
  const stray: (() => KeyValueOutput)[] = []

  const anyKey = (): string => `k${below(options.keys)}`
  const anyValue = (): string => (random() < options.sameValueRate ? `same${below(2)}` : `v${values++}`)
  const versionOf = (key: string): number => store.get(key)?.version ?? 0
  const anyVersionOf = (key: string): number => {
    const choice = random()
    if (choice < 0.6) return versionOf(key)
    return choice < 0.8 || seen.length === 0 ? 0 : seen[below(seen.length)]!
  }
  const told = (number: number): number | undefined => (random() < options.versionRate ? number : undefined)

  const anyInput = (): KeyValueInput => {
    const key = anyKey()
    const choice = random()
    if (choice < 0.4) return { kind: 'get', key }
    if (choice < 0.4 + 0.6 * options.commitRate) {
      const keys = [...new Set([key, anyKey()])]
      const compared = random() < 0.5 ? keys.slice(0, 1 + below(keys.length)) : []
      return {
        kind: 'commit',
        comparisons: compared.map((each) => ({ key: each, version: anyVersionOf(each) })),
        operations: keys.map((each) => ({ key: each, value: random() < 0.2 ? undefined : anyValue() })),
      }
    }
    const ifVersion = random() < 0.4 ? anyVersionOf(key) : undefined
    if (random() < 0.2) return { kind: 'delete', key, ifVersion }
    return { kind: 'put', key, value: anyValue(), ifVersion }
  }

  const applyTo = (input: KeyValueInput): KeyValueOutput => {
    if (input.kind === 'get') {
      const stored = store.get(input.key)
      if (stored !== undefined) seen.push(stored.version)
      return { kind: 'value', value: stored?.value, version: told(stored?.version ?? 0) }
    }
    const comparisons =
      input.kind === 'commit'
        ? input.comparisons
        : input.ifVersion === undefined
          ? []
          : [{ key: input.key, version: input.ifVersion }]
    const writes =
      input.kind === 'commit'
        ? input.operations
        : [{ key: input.key, value: input.kind === 'put' ? input.value : undefined }]
    const found = comparisons.map(({ key }) => versionOf(key))
    if (comparisons.some((comparison, i) => comparison.version !== found[i])) {
      return { kind: 'comparison-failed', found: random() < options.versionRate ? found : undefined }
    }
    const existed = writes.map(({ key }) => store.has(key))
    version++
    for (const { key, value } of writes) {
      if (value === undefined) store.delete(key)
      else store.set(key, { value, version })
    }
    return { kind: 'written', version: told(version), existed: random() < 0.7 ? existed : undefined }
  }

  while (history.length < options.operations || calls.some((call) => call !== undefined)) {
    if (stray.length > 0 && random() < 0.02) stray.splice(below(stray.length), 1)[0]!()
    const client = below(options.clients)
    const call = calls[client]
    if (call === undefined) {
      if (history.length >= options.operations) continue
      const input = anyInput()
      const operation: Mutable = {
        process: client,
        input,
        call: events++,
        return: undefined,
        outcome: 'unknown',
        output: undefined,
      }
      history.push(operation)
      const endsUnknown = input.kind !== 'get' && random() < options.unknownRate
      calls[client] = { operation, apply: () => applyTo(input), answer: undefined, endsUnknown }
    } else if (call.apply !== undefined && random() < 0.6) {
      if (!call.endsUnknown || random() < 0.4) call.answer = call.apply()
      else if (random() < 0.5) stray.push(call.apply)
      call.apply = undefined
    } else if (call.apply === undefined) {
      call.operation.return = events++
      if (!call.endsUnknown) {
        call.operation.outcome = 'ok'
        call.operation.output = call.answer
      }
      calls[client] = undefined
    }
  }
  return history
}
