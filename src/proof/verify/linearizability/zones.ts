/** One value of one key that a single operation writes, and everything that is known to have happened while it was there. */
export interface ValueSpan {
  /** Of the write; `returned` is infinite when its outcome is unknown. */
  readonly write: Span
  readonly reads: readonly Span[]
}

/** From call to return. */
export interface Span {
  readonly call: number
  readonly returned: number
}

interface Zone {
  readonly from: number
  readonly to: number
}

/**
 * Whether the values of one key contradict each other whatever the order, seen without a search (the zones of Gibbons
 * and Korach 1997). A value is there for one stretch of time. What returned first saw it by then, and what was called
 * last saw it after that: when the first comes before the second, the value was there all the while, and during such a
 * forward zone there is no room
 *
 * - for another forward zone,
 * - for the operations of another value that all overlap each other, within the zone,
 * - for a write of anything else, within the zone.
 *
 * Only a hint: when it finds nothing the search decides.
 */
export function zonesContradict(values: readonly ValueSpan[], writes: readonly Span[]): boolean {
  const forward: Zone[] = []
  const within: Zone[] = writes.map(({ call, returned }) => ({ from: call, to: returned }))
  for (const { write, reads } of values) {
    let firstReturn = write.returned
    let lastCall = write.call
    for (const read of reads) {
      if (read.returned < write.call) return true
      firstReturn = Math.min(firstReturn, read.returned)
      lastCall = Math.max(lastCall, read.call)
    }
    if (firstReturn < lastCall) forward.push({ from: firstReturn, to: lastCall })
    else within.push({ from: lastCall, to: firstReturn })
  }
  forward.sort((left, right) => left.from - right.from)
  for (let i = 1; i < forward.length; i++) if (forward[i]!.from < forward[i - 1]!.to) return true
  return within.some(({ from, to }) => {
    const zone = lastBefore(forward, from)
    return zone !== undefined && to < zone.to
  })
}

/** The last zone that begins before a place. */
function lastBefore(zones: readonly Zone[], place: number): Zone | undefined {
  let low = 0
  let high = zones.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (zones[middle]!.from < place) low = middle + 1
    else high = middle
  }
  return zones[low - 1]
}
