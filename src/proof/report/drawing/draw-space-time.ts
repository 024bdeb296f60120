import { type Html, html } from '../html/html.ts'
import {
  BAR_HEIGHT,
  type DrawnOperation,
  labelOf,
  layOutSpaceTime,
  type SpaceTime,
  TOP,
} from './space-time.ts'

/** Operations as bars on the lines of their processes, each a link to itself in the timeline below. */
export function drawSpaceTime(operations: readonly DrawnOperation[]): Html {
  const { width, height, lines, bars, moments } = layOutSpaceTime(operations)
  const foot = height - 8
  return html`<div class="drawing"><svg class="space-time" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="group" aria-label="Operations of ${lines.length} ${lines.length === 1 ? 'process' : 'processes'} in the order of their events">
${moments.map(({ event, x }) => html`<line class="moment" x1="${x}" x2="${x}" y1="${TOP}" y2="${foot - 12}"/><text class="moment-label" x="${x}" y="${foot}">${event}</text>`)}
${lines.map(({ process, y }) => html`<line class="process" x1="0" x2="${width}" y1="${y}" y2="${y}"/><text class="process-label" x="0" y="${y - 6}">${labelOf(process)}</text>`)}
${bars.map(drawBar)}</svg></div>`
}

function drawBar({ operation, x, y, width, isOpen }: SpaceTime['bars'][number]): Html {
  const { text, call, outcome, role } = operation
  const isBlocked = role === 'blocked'
  const middle = y + BAR_HEIGHT / 2
  // What may take effect later has no right end.
  const shape = isOpen
    ? html`<path class="bar" d="M${x + width} ${y}H${x + 4}a4 4 0 0 0-4 4V${y + BAR_HEIGHT - 4}a4 4 0 0 0 4 4H${x + width}"/>`
    : html`<rect class="bar" x="${x}" y="${y}" width="${width}" height="${BAR_HEIGHT}" rx="4"/>`
  return html`<a href="#op-${call}" class="operation ${outcome} ${role}"><title>${titleOf(operation)}</title>${shape}<text class="bar-text" x="${x + 10}" y="${middle + 4}">${text}</text>${isBlocked && html`<g class="cross"><circle cx="${x + width}" cy="${y}" r="8"/><path d="M${x + width - 3} ${y - 3}l6 6m0-6l-6 6"/></g>`}</a>`
}

function titleOf({ process, text, call, end, outcome, role }: DrawnOperation): string {
  const until = end === undefined ? 'it never ended' : `ended at event ${end}`
  const place = role === 'blocked' ? '; no place for it is left' : ''
  return `${labelOf(process)}: ${text} (${outcome}), called at event ${call}, ${until}${place}`
}
