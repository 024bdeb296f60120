import type { SimulatedProcess } from './simulated-process.ts'
import type { TracedEvent } from './trace.ts'

const COLUMN = 4
const LEGEND_WIDTH_MAX = 90

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
  const columns = shownColumns([...milestones, ...events], processes)
  const head = columns.map((number) => String(number).padEnd(COLUMN)).join('')
  const row = (event: TracedEvent): string => {
    const time = (event.timeUs / 1_000).toFixed(3).padStart(12)
    return `${time}  ${lanes(event, columns)} ${describe(event, processes, describeMessage)}`
  }
  const gap = milestones.length === 0 ? [] : [`${'…'.padStart(12)}`]
  const rows = [...milestones.map(row), ...gap, ...events.map(row)]
  return [...legend(columns, processes), `${'time ms'.padStart(12)}  ${head}`.trimEnd(), ...rows].join('\n')
}

/** Processes to which nothing happened take no room. */
function shownColumns(events: readonly TracedEvent[], processes: readonly SimulatedProcess[]): number[] {
  const seen = new Set(events.flatMap(({ process, from }) => [process, from]))
  return processes.map((_, number) => number).filter((number) => seen.has(number))
}

function legend(columns: readonly number[], processes: readonly SimulatedProcess[]): string[] {
  const lines = ['']
  for (const [i, number] of columns.entries()) {
    const entry = `${number} = ${processes[number]!.name}${i === columns.length - 1 ? '' : ','}`
    const line = lines.at(-1)!
    if (line !== '' && line.length + entry.length > LEGEND_WIDTH_MAX) lines.push(entry)
    else lines[lines.length - 1] = line === '' ? entry : `${line} ${entry}`
  }
  return lines.map((line) => `${' '.repeat(14)}${line}`)
}

function lanes(event: TracedEvent, columns: readonly number[]): string {
  const cells: string[] = Array.from({ length: columns.length * COLUMN }, (_, i) =>
    i % COLUMN === 0 ? '│' : ' ',
  )
  const at = columns.indexOf(event.process) * COLUMN
  if (event.kind === 'message' && event.from !== event.process) {
    const from = columns.indexOf(event.from) * COLUMN
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
