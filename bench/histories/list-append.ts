import { Draw } from '../load/keys.ts'

/** Clients, each with one transaction under way. */
const PROCESSES = 20
/** Keys in use at a time, and how many elements one gets before a new key takes its place: Jepsen's figures. */
const KEYS = 10
const ELEMENTS_MAX = 32
const STEPS_MAX = 4

type Step = readonly ['append', number, number] | readonly ['r', number, readonly number[] | null]

/**
 * Transactions of a store that is serializable, as JSON lines: 20 clients, one to four steps each, half of them reads of
 * whole lists. Each takes effect at one moment between its call and its return, one in fifty is of unknown outcome.
 */
export function* listAppendLines(transactions: number, seed: number): Generator<string> {
  const draw = new Draw(seed)
  const lists = new Map<number, number[]>()
  const open: (readonly Step[] | undefined)[] = Array.from({ length: PROCESSES })
  const processes = open.map((_, process) => process)
  const keys = Array.from({ length: KEYS }, (_, key) => ({ key, elements: 0 }))
  let nextKey = KEYS
  let called = 0
  let running = 0
  let index = 0

  const drawStep = (): Step => {
    const at = draw.below(KEYS)
    const chosen = keys[at]!
    if (draw.below(2) === 0) return ['r', chosen.key, null]
    chosen.elements++
    if (chosen.elements === ELEMENTS_MAX) keys[at] = { key: nextKey++, elements: 0 }
    return ['append', chosen.key, chosen.elements]
  }
  const happen = (step: Step): Step => {
    const [kind, key, value] = step
    const list = lists.get(key) ?? []
    if (kind === 'r') return ['r', key, list.length === 0 ? null : [...list]]
    list.push(value)
    lists.set(key, list)
    return step
  }

  while (called < transactions || running > 0) {
    const slot = draw.below(PROCESSES)
    const steps = open[slot]
    if (steps === undefined) {
      if (called === transactions) continue
      const asked = Array.from({ length: 1 + draw.below(STEPS_MAX) }, drawStep)
      open[slot] = asked
      called++
      running++
      yield line(index++, processes[slot]!, 'invoke', asked)
      continue
    }
    open[slot] = undefined
    running--
    const isLost = draw.below(50) === 0
    // Half of those whose answer was lost happened all the same.
    const answered = isLost && draw.below(2) === 0 ? steps : steps.map(happen)
    yield line(index++, processes[slot]!, isLost ? 'info' : 'ok', isLost ? steps : answered)
    // Jepsen's way: who does not know how a call ended goes on under a new number.
    if (isLost) processes[slot]! += PROCESSES
  }
}

function line(index: number, process: number, type: string, value: readonly Step[]): string {
  return `${JSON.stringify({ index, process, type, f: 'txn', value })}\n`
}
