/** An operation in a space-time drawing: a bar on the line of its process, from its call to its end. */
export interface DrawnOperation {
  readonly process: string
  readonly text: string
  readonly call: number
  /** Undefined for what never ended, or may take effect later: the bar stays open. */
  readonly end: number | undefined
  readonly outcome: 'ok' | 'failed' | 'unknown'
  /** `blocked` has no place; `context` is fine and shows what led there. */
  readonly role: 'part' | 'blocked' | 'context'
}

export interface SpaceTime {
  readonly width: number
  readonly height: number
  readonly lines: readonly { readonly process: string; readonly y: number }[]
  readonly bars: readonly {
    readonly operation: DrawnOperation
    readonly x: number
    readonly y: number
    readonly width: number
    readonly isOpen: boolean
  }[]
  readonly moments: readonly { readonly event: number; readonly x: number }[]
}

const LINE_HEIGHT = 46
export const BAR_HEIGHT = 26
export const TOP = 10
const FOOT = 26
/** Of the monospace face at the size that the style sheet gives bars. */
export const CHARACTER_WIDTH = 6.9
/** Between events that follow each other: room for their numbers. */
const GAP_MIN = 26
const DIGIT_WIDTH = 7
const BAR_PADDING = 20
const OPEN_TAIL = 46

/**
 * Places for operations, so that what came first is left of what came later and every text fits in its bar. Distances say
 * nothing of time: what took a second and what took a millisecond are told apart by the order of events alone, which is
 * all that a checker goes by.
 */
export function layOutSpaceTime(operations: readonly DrawnOperation[]): SpaceTime {
  const processes = [...new Set(operations.map(({ process }) => process))]
  const gutter = 24 + Math.max(0, ...processes.map((process) => labelOf(process).length)) * CHARACTER_WIDTH
  const events = [
    ...new Set(operations.flatMap(({ call, end }) => (end === undefined ? [call] : [call, end]))),
  ].sort((a, b) => a - b)
  const gap = Math.max(GAP_MIN, 10 + DIGIT_WIDTH * String(events.at(-1) ?? 0).length)
  const ending = new Map(operations.map((operation) => [operation.end, operation]))
  const xOf = new Map<number, number>()
  let x = gutter - gap
  for (const event of events) {
    x += gap
    const ends = ending.get(event)
    if (ends !== undefined) x = Math.max(x, xOf.get(ends.call)! + barWidth(ends.text))
    xOf.set(event, x)
  }
  const right = Math.max(
    x + gap,
    ...operations.map(({ call, end, text }) =>
      end === undefined ? xOf.get(call)! + barWidth(text) + OPEN_TAIL : 0,
    ),
  )
  const yOf = (process: string): number => TOP + processes.indexOf(process) * LINE_HEIGHT + LINE_HEIGHT / 2
  return {
    width: Math.ceil(right + 12),
    height: TOP + processes.length * LINE_HEIGHT + FOOT,
    lines: processes.map((process) => ({ process, y: yOf(process) })),
    bars: operations.map((operation) => {
      const from = xOf.get(operation.call)!
      const to = operation.end === undefined ? right : xOf.get(operation.end)!
      const isOpen = operation.end === undefined
      return { operation, x: from, y: yOf(operation.process) - BAR_HEIGHT / 2, width: to - from, isOpen }
    }),
    moments: events.map((event) => ({ event, x: xOf.get(event)! })),
  }
}

export const labelOf = (process: string): string => (/^\d+$/.test(process) ? `process ${process}` : process)

const barWidth = (text: string): number => text.length * CHARACTER_WIDTH + BAR_PADDING
