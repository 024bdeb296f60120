import { moved, type TimeRange, within, zoomed } from '../view/scale.ts'

/** What of the run is shown, and what the reader points at. One for all charts: they share the axis of time. */
export class View {
  readonly whole: TimeRange
  #range: TimeRange
  #hovered = -1
  #selected = -1
  #moment: number | undefined
  #brush: TimeRange | undefined
  readonly #onRange: (() => void)[] = []
  readonly #onPointer: (() => void)[] = []
  readonly #onSelect: ((row: number) => void)[] = []
  #isRangeDue = false
  #isPointerDue = false

  constructor(whole: TimeRange) {
    this.whole = whole
    this.#range = whole
  }

  get range(): TimeRange {
    return this.#range
  }
  get hovered(): number {
    return this.#hovered
  }
  get selected(): number {
    return this.#selected
  }
  /** The time that the pointer is at. */
  get moment(): number | undefined {
    return this.#moment
  }
  get brush(): TimeRange | undefined {
    return this.#brush
  }
  get isWhole(): boolean {
    return this.#range.from <= this.whole.from && this.#range.to >= this.whole.to
  }

  show(range: TimeRange): void {
    this.#range = within(range, this.whole)
    this.redraw()
  }

  zoom(factor: number, center = (this.#range.from + this.#range.to) / 2): void {
    this.show(zoomed(this.#range, this.whole, center, factor))
  }

  /** By a share of what is shown. */
  pan(share: number): void {
    this.show(moved(this.#range, this.whole, share * (this.#range.to - this.#range.from)))
  }

  point(moment: number | undefined, hovered: number): void {
    this.#moment = moment
    this.#hovered = hovered
    this.#repoint()
  }

  set brush(range: TimeRange | undefined) {
    this.#brush = range
    this.#repoint()
  }

  select(row: number): void {
    this.#selected = row
    for (const listener of this.#onSelect) listener(row)
    this.#repoint()
  }

  onRange(listener: () => void): void {
    this.#onRange.push(listener)
  }
  onPointer(listener: () => void): void {
    this.#onPointer.push(listener)
  }
  onSelect(listener: (row: number) => void): void {
    this.#onSelect.push(listener)
  }

  /** All of it, once in a frame however often it is asked for. */
  redraw(): void {
    if (this.#isRangeDue) return
    this.#isRangeDue = true
    requestAnimationFrame(() => {
      this.#isRangeDue = false
      this.redrawNow()
    })
  }

  /** Before a page is printed there is no further frame. */
  redrawNow(): void {
    for (const listener of this.#onRange) listener()
    for (const listener of this.#onPointer) listener()
  }

  #repoint(): void {
    if (this.#isPointerDue) return
    this.#isPointerDue = true
    requestAnimationFrame(() => {
      this.#isPointerDue = false
      for (const listener of this.#onPointer) listener()
    })
  }
}
