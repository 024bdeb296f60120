import { outcomeNames } from '../view/packed-history.ts'
import { formatDuration, formatTime } from '../view/scale.ts'
import { type Run, textOf } from './run.ts'

const TIP_CHARACTERS = 160

/** All that is known of an operation; as a tip a little less. Values are set as text: none becomes a part of the page. */
export function operationCard(run: Run, row: number, kind: 'tip' | 'whole'): HTMLElement {
  const { columns, packed } = run
  const card = element('div', 'card')
  const head = element('p', 'card-head')
  const key = textOf(run, columns.key[row]!)
  head.append(
    element('b', '', `${packed.functions[columns.f[row]!]}${key === '' ? '' : ` ${key}`}`),
    element('span', '', `process ${packed.processes[columns.process[row]!]}`),
    outcomeMark(columns.outcome[row]!),
  )
  if (kind === 'whole') head.append(tableLink(columns.call[row]!))
  const list = element('dl')
  const add = (name: string, text: string, className = ''): void => {
    list.append(element('dt', '', name), element('dd', className, text))
  }
  const cut = (text: string): string =>
    kind === 'tip' && text.length > TIP_CHARACTERS ? `${text.slice(0, TIP_CHARACTERS)}…` : text
  const [value, answer, error] = [columns.value, columns.answer, columns.error].map((column) =>
    cut(textOf(run, column[row]!)),
  )
  if (value !== 'nil') add('value', value!, 'text')
  if (answer !== '') add('answer', answer!, 'text')
  if (error !== '') add('error', error!, 'text')
  const [from, to, end] = [columns.from[row]!, columns.to[row]!, columns.end[row]!]
  if (packed.hasTimes) {
    add('time', `${formatTime(from, 1)} to ${end < 0 ? 'the end' : formatTime(to, 1)}`)
    add('took', end < 0 ? 'never ended' : formatDuration(to - from))
  }
  add('events', end < 0 ? `${columns.call[row]}, never ended` : `${columns.call[row]} to ${end}`)
  for (const { name, calls } of packed.anomalies) {
    if (calls.includes(columns.call[row]!)) {
      add('anomaly', name, 'problem')
      break
    }
  }
  card.append(head, list)
  return card
}

export function outcomeMark(outcome: number): HTMLElement {
  const name = outcomeNames[outcome]!
  return element('span', `outcome ${name}`, name)
}

function tableLink(call: number): HTMLElement {
  const link = element('a', 'go', 'Show in the table')
  link.setAttribute('href', '#operations')
  link.dataset.row = String(call)
  return link
}

export function element(name: string, className = '', text = ''): HTMLElement {
  const made = document.createElement(name)
  if (className !== '') made.className = className
  if (text !== '') made.textContent = text
  return made
}
