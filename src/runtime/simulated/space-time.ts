import type { SimulatedProcess } from './simulated-process.ts'
import type { TracedEvent } from './trace.ts'

const COLUMN = 4

/**
 * Time goes down, each process is a column: `●` where something happened, an arrow from the sender of a message. Above
 * the last events stand the crashes, pauses and cuts that came before them.
 *
 * ```
 *      time ms  0   1   2
 *     1203.412  ●──▶│   │    message from node 1, 34 bytes
 *     1203.440  │   ●   │    timer
 * ```
 */
export function drawPicture(
  milestones: readonly TracedEvent[],
  events: readonly TracedEvent[],
  processes: readonly SimulatedProcess[],
  describeMessage: ((message: Uint8Array) => string) | undefined,
): string {
  const legend = processes.map((process, number) => `${number} = ${process.name}`).join(', ')
  const head = `${'time ms'.padStart(12)}  ${processes.map((_, number) => String(number).padEnd(COLUMN)).join('')}`
  const row = (event: TracedEvent): string => {
    const time = (event.timeUs / 1_000).toFixed(3).padStart(12)
    return `${time}  ${lanes(event, processes.length)} ${describe(event, processes, describeMessage)}`
  }
  const gap = milestones.length === 0 ? [] : [`${'…'.padStart(12)}`]
  const rows = [...milestones.map(row), ...gap, ...events.map(row)]
  return [`${' '.repeat(14)}${legend}`, head.trimEnd(), ...rows].join('\n')
}

function lanes(event: TracedEvent, count: number): string {
  const cells: string[] = Array.from({ length: count * COLUMN }, (_, i) => (i % COLUMN === 0 ? '│' : ' '))
  const at = event.process * COLUMN
  if (event.kind === 'message' && event.from !== event.process) {
    const from = event.from * COLUMN
    for (let i = Math.min(at, from) + 1; i < Math.max(at, from); i++) cells[i] = '─'
    cells[from] = '○'
    cells[at] = '●'
    cells[at > from ? at - 1 : at + 1] = at > from ? '▶' : '◀'
  } else if (event.process >= 0) {
    cells[at] = mark(event)
  }
  return cells.join('')
}

function mark(event: TracedEvent): string {
  switch (event.kind) {
    case 'crash':
    case 'abort':
      return '✗'
    case 'pause':
      return '‖'
    default:
      return '●'
  }
}

function describe(
  event: TracedEvent,
  processes: readonly SimulatedProcess[],
  describeMessage: ((message: Uint8Array) => string) | undefined,
): string {
  const name = processes[event.process]?.name ?? 'the world'
  switch (event.kind) {
    case 'message': {
      const words =
        describeMessage === undefined ? '' : `: ${safely(() => describeMessage(event.detail as Uint8Array))}`
      return `${name} ◀ ${processes[event.from]?.name ?? '?'}, ${event.sizeBytes} bytes${words}`
    }
    case 'disk':
      return event.sizeBytes > 0 ? `${name}: disk, ${event.sizeBytes} bytes` : `${name}: disk`
    case 'abort':
      return `${name}: ends itself: ${event.detail instanceof Error ? event.detail.message : ''}`
    case 'note':
    case 'world':
      return typeof event.detail === 'string' ? `${name}: ${event.detail}` : name
    case 'start':
    case 'timer':
    case 'soon':
    case 'disconnect':
    case 'crash':
    case 'pause':
    case 'resume':
      return `${name}: ${event.kind}`
  }
}

function safely(describe: () => string): string {
  try {
    return describe()
  } catch (error) {
    return `(not described: ${String(error)})`
  }
}
