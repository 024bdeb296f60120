/** Which process comes in which row of a timeline. */
export interface Lanes {
  /** By process. */
  readonly laneOf: Int32Array
  /** Rows of operations by lane, in the order of time. */
  readonly rows: readonly Int32Array[]
  /** Processes by lane, in the order in which they come in. */
  readonly processes: readonly (readonly number[])[]
}

/**
 * A client whose call ended unknown goes on as another process, so one lane takes in processes that follow each other:
 * the timeline has about as many rows as there were clients, not as many as there were timeouts. In a lane no two
 * operations are open at once.
 */
export function lanesOf(operations: {
  readonly size: number
  readonly process: Int32Array
  readonly from: Float64Array
  readonly to: Float64Array
}): Lanes {
  const { size, process, from, to } = operations
  const count = process.reduce((most, each) => Math.max(most, each + 1), 0)
  const begin = new Float64Array(count).fill(Number.POSITIVE_INFINITY)
  const end = new Float64Array(count).fill(Number.NEGATIVE_INFINITY)
  for (let row = 0; row < size; row++) {
    const each = process[row]!
    begin[each] = Math.min(begin[each]!, from[row]!)
    end[each] = Math.max(end[each]!, to[row]!)
  }
  const order = Array.from({ length: count }, (_, each) => each).sort(
    (a, b) => begin[a]! - begin[b]! || a - b,
  )
  const laneOf = new Int32Array(count)
  const freeFrom: number[] = []
  const processes: number[][] = []
  for (const each of order) {
    const lane = lastFreed(freeFrom, begin[each]!)
    laneOf[each] = lane
    freeFrom[lane] = end[each]!
    ;(processes[lane] ??= []).push(each)
  }
  const rows: number[][] = processes.map(() => [])
  for (let row = 0; row < size; row++) rows[laneOf[process[row]!]!]!.push(row)
  return { laneOf, rows: rows.map((lane) => Int32Array.from(lane)), processes }
}

/** The lane that was freed last, which is that of the client that goes on; a new one when none is free. */
function lastFreed(freeFrom: readonly number[], begin: number): number {
  let best = freeFrom.length
  for (let lane = 0; lane < freeFrom.length; lane++) {
    if (freeFrom[lane]! > begin) continue
    if (best === freeFrom.length || freeFrom[lane]! > freeFrom[best]!) best = lane
  }
  return best
}
