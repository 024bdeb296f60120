import { assert } from '../../../../foundation/assert.ts'
import type { Operation } from '../../history/operation.ts'
import type { PartSearch, PreparedPart, Specification } from '../specification.ts'
import type { Part } from '../split-history.ts'
import { COLUMNS_MAX, pictureOf } from './draw-timeline.ts'
import { irreducible } from './irreducible.ts'
import { timelineOf } from './timeline.ts'
import type { Witness, WitnessOperation, WitnessStep } from './witness.ts'

/** A person does not read the first thousand. */
const STEPS_SHOWN_MAX = 8
const CALLS_SHOWN_MAX = 8
/** For each beginning that is tried. One that is not decided counts as fine, and the witness grows longer. */
const PREFIX_STEPS = 1_000_000
/** For the conflict: for each set of operations that is tried, and for all of them. */
const CONFLICT_STEPS = 100_000
const CONFLICT_STEPS_IN_ALL = 2_000_000

/**
 * Why a part that is not linearizable is not: the shortest beginning that is invalid, found by halving (what has no order
 * has none when more is added), and the operations in it that cannot all be right.
 */
export function describeWitness<Input, Output>(
  part: Part<Input, Output>,
  model: Specification<Input, Output>,
): Witness {
  const views = new Views(part, model)
  const { operations } = part
  const returns = operations
    .filter(({ outcome }) => outcome === 'ok')
    .map((operation) => operation.return!)
    .sort((left, right) => left - right)
  let low = 0
  let high = returns.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    const verdict = views.until(returns[middle]!).run(PREFIX_STEPS)
    if (verdict === 'invalid') high = middle
    else low = middle + 1
  }
  const end = returns[low]!
  const blockedPlace = operations.findIndex(
    ({ outcome, return: returned }) => outcome === 'ok' && returned === end,
  )
  assert(blockedPlace >= 0, 'an invalid history ends with a return')
  const blocked = views.describe(blockedPlace)

  const prefix = views.before(end)
  const hasOrder = prefix.run(PREFIX_STEPS) === 'valid'
  const order = hasOrder ? Array.from(prefix.order()) : []
  const states = hasOrder ? prefix.lastStates(STEPS_SHOWN_MAX) : []
  const lastSteps = order
    .slice(-STEPS_SHOWN_MAX)
    .map((place, i) => ({ ...views.describe(place), stateAfter: states[i]! }))

  const { places, isIrreducible } = conflictOf(views, end, blockedPlace)
  const conflict = places.map((place) => views.describe(place))
  const timeline = timelineOf(conflict, blocked.call)
  const key = part.keys.join(', ')
  const subject = key === '' ? 'The history is' : part.keys.length === 1 ? `Key ${key} is` : `Keys ${key} are`
  const shown = conflict.slice(-CALLS_SHOWN_MAX).map(({ call }) => call)
  const calls = `${shown.length < conflict.length ? '… ' : ''}${shown.join(', ')}`
  const reason =
    conflict.length === 1
      ? `${blocked.text} (call ${blocked.call}) fits no order.`
      : `${conflict.length} operations cannot be ordered (calls ${calls}).`
  const picture = pictureOf(timeline)
  const explanation = explain({
    blocked,
    lastSteps,
    hidden: order.length - lastSteps.length,
    conflict,
    isDrawn: picture.hidden === 0,
    isIrreducible,
  })
  const drawing = [...picture.lines, ...(states.length === 0 ? [] : stateBefore(states.at(-1)!))].join('\n')
  return {
    key,
    summary: `${subject} not linearizable: ${reason}`,
    explanation,
    drawing,
    text: `${explanation}\n\n${drawing}`,
    timeline,
    prefix: order.map((place) => part.operations[place % part.operations.length]!.call),
    lastSteps,
    blocked,
    conflict,
    isIrreducible,
  }
}

/**
 * A part whose operations can each be taken as they are or as calls of unknown outcome, compiled once: `place` is the
 * operation as it is, `place + operations.length` the same of unknown outcome.
 */
class Views<Input, Output> {
  readonly operations: readonly Operation<Input, Output>[]
  readonly #model: Specification<Input, Output>
  readonly #prepared: PreparedPart
  /** Whether it matters when its outcome is unknown. */
  readonly #matters: readonly boolean[]
  /** The same once its answer is known. */
  readonly #mattersLater: readonly boolean[]

  constructor({ operations, keys }: Part<Input, Output>, model: Specification<Input, Output>) {
    this.operations = operations
    this.#model = model
    this.#matters = operations.map(({ input }) => !model.observes(input, undefined))
    this.#mattersLater = operations.map(
      ({ input, output, outcome }) => !model.observes(input, outcome === 'ok' ? output : undefined),
    )
    this.#prepared = model.prepare(
      [
        ...operations,
        ...operations.map((each) => ({ ...each, outcome: 'unknown' as const, output: undefined })),
      ],
      keys,
      // Where it is known when a call was over, it happened by then.
      Uint8Array.from({ length: 2 * operations.length }, (_, place) =>
        operations[place - operations.length]?.outcome === 'ok' ? 1 : 0,
      ),
    )
  }

  /** What was known just after the event `end`: what had not returned by then may have happened or not. */
  until(end: number): PartSearch {
    return this.#beginning(end, (returned) => returned <= end)
  }

  /** What was known just before it. */
  before(end: number): PartSearch {
    return this.#beginning(end, (returned) => returned < end)
  }

  #beginning(end: number, isOver: (returned: number) => boolean): PartSearch {
    const { operations } = this
    const chosen: number[] = []
    for (let place = 0; place < operations.length && operations[place]!.call <= end; place++) {
      const { outcome, return: returned } = operations[place]!
      if (outcome === 'ok' && isOver(returned!)) chosen.push(place)
      else if (this.#matters[place]) chosen.push(place + operations.length)
    }
    return this.#prepared.search(Int32Array.from(chosen))
  }

  /** Of what was called by `end`: what is kept as it is, and what may have changed something at any time. */
  conflict(kept: Uint8Array, end: number): PartSearch {
    const { operations } = this
    const chosen: number[] = []
    for (let place = 0; place < operations.length && operations[place]!.call <= end; place++) {
      if (kept[place] === 1) chosen.push(place)
      else if (operations[place]!.return! < end ? this.#mattersLater[place] : this.#matters[place])
        chosen.push(place + operations.length)
    }
    return this.#prepared.search(Int32Array.from(chosen))
  }

  describe(place: number): WitnessOperation {
    const {
      input,
      output,
      outcome,
      call,
      return: returned,
      process,
    } = this.operations[place % this.operations.length]!
    return {
      call,
      return: outcome === 'ok' ? returned : undefined,
      process,
      text: this.#model.describe(input, outcome === 'ok' ? output : undefined),
    }
  }
}

/**
 * Those of the answers that contradict each other whatever else happened: all others are taken as calls that happened
 * between call and return or not at all, which demand nothing, and left out when they answered that they changed nothing.
 * (To leave out a write too would make a read of what it wrote wrong by itself.)
 */
function conflictOf<Input, Output>(
  views: Views<Input, Output>,
  end: number,
  blocked: number,
): { readonly places: readonly number[]; readonly isIrreducible: boolean } {
  const { operations } = views
  const others = [...operations.keys()]
    .filter((place) => {
      const { outcome, return: returned } = operations[place]!
      return outcome === 'ok' && returned! < end
    })
    .sort((left, right) => operations[right]!.return! - operations[left]!.return!)
  let stepsLeft = CONFLICT_STEPS_IN_ALL
  const kept = new Uint8Array(operations.length)
  const { claims, isIrreducible } = irreducible([blocked], others, (places) => {
    if (stepsLeft <= 0) return undefined
    kept.fill(0)
    for (const place of places) kept[place] = 1
    const search = views.conflict(kept, end)
    const verdict = search.run(Math.min(CONFLICT_STEPS, stepsLeft))
    stepsLeft -= search.steps
    return verdict === undefined ? undefined : verdict === 'invalid'
  })
  return { places: claims.toSorted((left, right) => left - right), isIrreducible }
}

/** On a line of its own where it is long, and cut where it is too long for one. */
function stateBefore(state: string): string[] {
  const line = `the state before it, in one order of all the others: ${state}`
  if (line.length <= COLUMNS_MAX) return [line]
  const room = COLUMNS_MAX - STATE_INDENT.length
  const cut = state.length <= room ? state : `${state.slice(0, room - 1)}…`
  return ['the state before it, in one order of all the others:', STATE_INDENT + cut]
}

const STATE_INDENT = '  '

interface Told {
  readonly blocked: WitnessOperation
  readonly lastSteps: readonly WitnessStep[]
  readonly hidden: number
  readonly conflict: readonly WitnessOperation[]
  /** Whether the picture has all of it. */
  readonly isDrawn: boolean
  readonly isIrreducible: boolean
}

function explain({ blocked, lastSteps, hidden, conflict, isDrawn, isIrreducible }: Told): string {
  const lines: string[] = []
  if (lastSteps.length > 0) {
    lines.push(`Until event ${blocked.return} there is an order; it ends with:`)
    if (hidden > 0) lines.push(`  … ${hidden} before these`)
    const width = Math.max(...lastSteps.map(({ text }) => text.length))
    for (const { text, stateAfter, call, process } of lastSteps)
      lines.push(`  ${text.padEnd(width)}  then ${stateAfter}   (call ${call}, process ${process})`)
  }
  const { text, call, process } = blocked
  lines.push(
    'There is no place, in this or any other order, for:',
    `  ${text}   (call ${call}, process ${process})`,
  )
  lines.push(
    conflict.length === 1
      ? 'It cannot be right, whatever else happened.'
      : `${isDrawn ? `The ${conflict.length} that are drawn` : `${conflict.length} operations, the last of which are drawn,`} contradict each other, whichever of the rest happened${
          isIrreducible ? '; without any one of them there would be an order' : ''
        }.`,
  )
  return lines.join('\n')
}
