import type { HistoryValue } from '../../history/event.ts'
import type { Operation } from '../../history/operation.ts'
import { valueKey } from '../../history/value/value-key.ts'
import type { Pruning, PruningFor } from '../search/compiled-model.ts'
import type { InternedModel } from '../search/interned-model.ts'
import { type Span, zonesContradict } from '../zones.ts'

/** What operations do to cells that each hold one value, as registers do. */
export interface CellEffects<State, Input, Output> {
  initial(cell: string): HistoryValue
  /** What the cells hold; those left out hold what they began with. */
  cells(state: State): Iterable<readonly [cell: string, value: HistoryValue]>
  /** What an operation says of the cells before it, and what it writes into them at most. */
  effects(input: Input, output: Output | undefined, isKnown: boolean): Effects
}

export interface Effects {
  readonly sees: readonly CellValue[]
  readonly writes: readonly CellValue[]
}

type CellValue = readonly [cell: string, value: HistoryValue]

interface NumberedEffects {
  readonly sees: readonly number[]
  readonly writes: readonly number[]
}

/**
 * Hints for models of cells: a value that a single operation writes is there for one stretch of time. Once overwritten
 * it never comes back, so nothing overwrites it while an operation still has to see it; and two such stretches do not
 * overlap, which convicts most stale reads without a search (zones.ts).
 */
export function singleWriters<State, Input, Output>(
  compiled: InternedModel<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  cells: CellEffects<State, Input, Output>,
): PruningFor {
  const numbered = new NumberedCells(compiled, operations, cells)
  return (chosen) => new SingleWriters(numbered, chosen)
}

/** The values of cells as numbers, for all operations of a part. */
interface Cells {
  readonly effects: readonly NumberedEffects[]
  readonly isRequired: Uint8Array
  readonly spans: readonly Span[]
  /** By number of a value: which cell holds it. */
  readonly cellOf: readonly number[]
  /** By cell: the value that it begins with. */
  readonly initial: readonly number[]
  /** The value of each cell in a state. */
  heldIn(state: number): readonly number[]
}

class NumberedCells<State, Input, Output> implements Cells {
  readonly effects: readonly NumberedEffects[]
  readonly isRequired: Uint8Array
  readonly spans: readonly Span[]
  readonly cellOf: number[] = []
  readonly initial: readonly number[]
  readonly #cells = new Map<string, number>()
  readonly #numbers = new Map<string, number>()
  readonly #compiled: InternedModel<State, Input, Output>
  readonly #describe: CellEffects<State, Input, Output>
  readonly #heldIn: (readonly number[] | undefined)[] = []

  constructor(
    compiled: InternedModel<State, Input, Output>,
    operations: readonly Operation<Input, Output>[],
    describe: CellEffects<State, Input, Output>,
  ) {
    this.#compiled = compiled
    this.#describe = describe
    const ofKind: (NumberedEffects | undefined)[] = []
    this.effects = operations.map(({ input, output, outcome }, i) => {
      const kind = compiled.answered[i]!
      const known = ofKind[kind]
      if (known !== undefined) return known
      const { sees, writes } = describe.effects(input, output, outcome === 'ok')
      return (ofKind[kind] = { sees: sees.map(this.#numberOf), writes: writes.map(this.#numberOf) })
    })
    this.isRequired = Uint8Array.from(operations, ({ outcome }) => (outcome === 'ok' ? 1 : 0))
    this.spans = operations.map(({ call, outcome, return: returned }) => ({
      call,
      returned: outcome === 'ok' ? returned! : Number.POSITIVE_INFINITY,
    }))
    this.initial = Array.from(this.#cells.keys(), (cell) => this.#numberOf([cell, describe.initial(cell)]))
  }

  heldIn(state: number): readonly number[] {
    return (this.#heldIn[state] ??= this.#read(this.#compiled.states[state]!))
  }

  #read(state: State): readonly number[] {
    const values = this.initial.slice()
    for (const [cell, value] of this.#describe.cells(state))
      values[this.#cells.get(cell)!] = this.#numberOf([cell, value])
    return values
  }

  readonly #numberOf = ([cell, value]: CellValue): number => {
    const key = `${cell.length} ${cell}${valueKey(value)}`
    let number = this.#numbers.get(key)
    if (number === undefined) {
      let cellNumber = this.#cells.get(cell)
      if (cellNumber === undefined) this.#cells.set(cell, (cellNumber = this.#cells.size))
      number = this.cellOf.push(cellNumber) - 1
      this.#numbers.set(key, number)
    }
    return number
  }
}

class SingleWriters implements Pruning {
  readonly #cells: Cells
  readonly #chosen: Int32Array
  /** By value: how many may write it, the beginning counted. */
  readonly #writers: Int32Array
  /** By value: how many required operations that must see it are not placed yet. */
  readonly #needed: Int32Array

  constructor(cells: Cells, chosen: Int32Array) {
    this.#cells = cells
    this.#chosen = chosen
    this.#writers = new Int32Array(cells.cellOf.length)
    this.#needed = new Int32Array(cells.cellOf.length)
    for (const value of cells.initial) this.#writers[value]!++
    for (let i = 0; i < chosen.length; i++) {
      const { sees, writes } = cells.effects[chosen[i]!]!
      for (let j = 0; j < writes.length; j++) this.#writers[writes[j]!]!++
      for (let j = 0; j < sees.length; j++) this.#needed[sees[j]!]!++
    }
  }

  placed(operation: number): void {
    const { sees } = this.#cells.effects[operation]!
    for (let i = 0; i < sees.length; i++) this.#needed[sees[i]!]!--
  }

  removed(operation: number): void {
    const { sees } = this.#cells.effects[operation]!
    for (let i = 0; i < sees.length; i++) this.#needed[sees[i]!]!++
  }

  loses(before: number, operation: number, after: number): boolean {
    if (before === after) return false
    const held = this.#cells.heldIn(before)
    const still = this.#cells.heldIn(after)
    const { sees } = this.#cells.effects[operation]!
    for (let cell = 0; cell < held.length; cell++) {
      const value = held[cell]!
      if (value === still[cell] || this.#writers[value] !== 1) continue
      const own = sees.includes(value) ? 1 : 0
      if (this.#needed[value]! > own) return true
    }
    return false
  }

  isContradiction(): boolean {
    const { effects, spans, cellOf, initial, isRequired } = this.#cells
    const stretches: (Stretch | undefined)[] = new Array(cellOf.length).fill(undefined)
    for (const value of initial)
      if (this.#writers[value] === 1) stretches[value] = { write: BEFORE_ALL, reads: [] }
    for (const operation of this.#chosen)
      for (const value of effects[operation]!.writes)
        if (this.#writers[value] === 1) stretches[value] = { write: spans[operation]!, reads: [] }
    for (const operation of this.#chosen) {
      for (const value of effects[operation]!.sees) {
        // A value from nowhere.
        if (this.#writers[value] === 0) return true
        stretches[value]?.reads.push(spans[operation]!)
      }
    }
    const values: Stretch[][] = initial.map(() => [])
    const writes: Span[][] = initial.map(() => [])
    for (let value = 0; value < stretches.length; value++)
      if (stretches[value] !== undefined && stretches[value]!.reads.length > 0)
        values[cellOf[value]!]!.push(stretches[value]!)
    for (const operation of this.#chosen) {
      if (isRequired[operation] === 0) continue
      for (const value of effects[operation]!.writes)
        if (!stretches[value]?.reads.length) writes[cellOf[value]!]!.push(spans[operation]!)
    }
    return values.some((ofCell, cell) => zonesContradict(ofCell, writes[cell]!))
  }
}

/** One value's write, and those who saw it. */
interface Stretch {
  readonly write: Span
  readonly reads: Span[]
}

const BEFORE_ALL: Span = { call: -1, returned: -1 }
