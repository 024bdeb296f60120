import { filterRows, type OperationFilter, type SortColumn, sortRows } from '../view/filter.ts'
import { formatCount, formatDuration, formatTime } from '../view/scale.ts'
import { element, outcomeMark } from './operation-card.ts'
import { type Run, textOf } from './run.ts'
import type { View } from './view.ts'

const PAGE = 50

/** All operations, a page at a time: what does not match the filter is left out. */
export class OperationsTable {
  readonly #run: Run
  readonly #view: View
  readonly #form = document.querySelector<HTMLFormElement>('#filter')!
  readonly #body = document.querySelector<HTMLElement>('#list tbody')!
  #rows: Int32Array = new Int32Array(0)
  #page = 0
  #sort: SortColumn = 'call'
  #isDescending = false

  constructor(run: Run, view: View) {
    this.#run = run
    this.#view = view
    this.#form.addEventListener('input', () => this.#filter())
    this.#form.addEventListener('submit', (event) => event.preventDefault())
    this.#form.addEventListener('reset', () => queueMicrotask(() => this.#filter()))
    this.#listenToPages()
    this.#listenToHeaders()
    view.onRange(() => {
      if (this.#field('shown', 'checked')) this.#filter()
    })
    view.onSelect((row) => {
      for (const each of this.#body.children) {
        each.classList.toggle('selected', (each as HTMLElement).dataset.row === String(row))
      }
    })
    this.#filter()
  }

  /** Turns to the page where an operation is; what hides it is cleared. */
  reveal(row: number): void {
    if (!this.#rows.includes(row)) {
      this.#form.reset()
      this.#filter()
    }
    this.#turnTo(Math.floor(this.#rows.indexOf(row) / PAGE))
    this.#body.querySelector(`[data-row="${row}"]`)?.scrollIntoView({ block: 'center' })
  }

  #field(name: string, property: 'value'): string
  #field(name: string, property: 'checked'): boolean
  #field(name: string, property: 'value' | 'checked'): string | boolean {
    const field = this.#form.elements.namedItem(name) as HTMLInputElement | null
    return field === null ? (property === 'value' ? '' : false) : field[property]
  }

  #filter(): void {
    const f = this.#field('f', 'value')
    const outcome = this.#field('outcome', 'value')
    const filter: OperationFilter = {
      process: this.#field('process', 'value'),
      key: this.#field('key', 'value'),
      text: this.#field('text', 'value'),
      isAnomalous: this.#field('anomalous', 'checked'),
      ...(f === '' ? {} : { f: Number(f) }),
      ...(outcome === '' ? {} : { outcome: Number(outcome) }),
      ...(this.#field('shown', 'checked') ? this.#view.range : {}),
    }
    this.#rows = this.#sorted(filterRows(this.#run.columns, this.#run.packed, filter))
    const all = formatCount(this.#run.columns.size)
    const found = formatCount(this.#rows.length)
    document.querySelector('#found')!.textContent =
      this.#rows.length === this.#run.columns.size ? `${all} operations` : `${found} of ${all} operations`
    this.#turnTo(0)
  }

  #sorted(rows: Int32Array): Int32Array {
    if (this.#sort === 'call' && !this.#isDescending) return rows
    return sortRows(this.#run.columns, rows, this.#sort, this.#isDescending)
  }

  #turnTo(page: number): void {
    const pages = Math.max(1, Math.ceil(this.#rows.length / PAGE))
    this.#page = Math.max(0, Math.min(pages - 1, page))
    const start = this.#page * PAGE
    const shown = [...this.#rows.subarray(start, start + PAGE)]
    this.#body.replaceChildren(...shown.map((row) => this.#line(row)))
    if (shown.length === 0) {
      const none = element('td', 'quiet', 'No operation is like that.')
      none.setAttribute('colspan', '9')
      const line = element('tr')
      line.append(none)
      this.#body.append(line)
    }
    document.querySelector('#page')!.textContent =
      `page ${formatCount(this.#page + 1)} of ${formatCount(pages)}`
    for (const id of ['page-first', 'page-before']) button(id).disabled = this.#page === 0
    for (const id of ['page-next', 'page-last']) button(id).disabled = this.#page === pages - 1
  }

  #line(row: number): HTMLElement {
    const run = this.#run
    const { columns, packed } = run
    const line = element('tr')
    line.dataset.row = String(row)
    line.classList.toggle('anomalous', columns.isAnomalous[row] === 1)
    line.classList.toggle('selected', this.#view.selected === row)
    const call = columns.call[row]!
    const link = element('a', '', String(call))
    link.setAttribute('href', `#op-${call}`)
    const first = element('td')
    first.append(link)
    const answer = textOf(run, columns.answer[row]!) || textOf(run, columns.error[row]!)
    const outcome = element('td')
    outcome.append(outcomeMark(columns.outcome[row]!))
    const value = textOf(run, columns.value[row]!)
    line.append(
      first,
      element('td', '', packed.hasTimes ? formatTime(columns.from[row]!, 1e3) : ''),
      element('td', '', packed.processes[columns.process[row]!]!),
      element('td', '', packed.functions[columns.f[row]!]!),
      cell(textOf(run, columns.key[row]!)),
      cell(value === 'nil' ? '' : value),
      cell(answer),
      outcome,
      element('td', '', packed.hasTimes ? formatDuration(columns.to[row]! - columns.from[row]!) : ''),
    )
    return line
  }

  #listenToPages(): void {
    button('page-first').addEventListener('click', () => this.#turnTo(0))
    button('page-before').addEventListener('click', () => this.#turnTo(this.#page - 1))
    button('page-next').addEventListener('click', () => this.#turnTo(this.#page + 1))
    button('page-last').addEventListener('click', () => this.#turnTo(Number.POSITIVE_INFINITY))
  }

  #listenToHeaders(): void {
    const buttons = document.querySelectorAll<HTMLElement>('#list [data-sort]')
    for (const header of buttons) {
      header.addEventListener('click', () => {
        const by = header.dataset.sort as SortColumn
        // Of latencies the greatest are looked for.
        this.#isDescending = by === this.#sort ? !this.#isDescending : by === 'duration'
        this.#sort = by
        for (const each of buttons) each.parentElement!.removeAttribute('aria-sort')
        header.parentElement!.setAttribute('aria-sort', this.#isDescending ? 'descending' : 'ascending')
        this.#filter()
      })
    }
  }
}

function cell(text: string): HTMLElement {
  const made = element('td', '', text)
  if (text.length > 30) made.title = text
  return made
}

const button = (id: string): HTMLButtonElement => document.querySelector<HTMLButtonElement>(`#${id}`)!
