import { assert } from '../../../foundation/assert.ts'
import { type Asking, call, done, type Generator, type Request, wait } from './generator.ts'

/** How long a worker waits before it asks again for something that other workers must end first. */
const BARRIER_MS = 5

/** Without end: a request made anew for each call. */
export function repeat(make: (asking: Asking) => Request): Generator {
  return { next: (asking) => call(make(asking)) }
}

/** Each of them once, to whoever asks first. */
export function sequence(requests: Iterable<Request>): Generator {
  const left = requests[Symbol.iterator]()
  return {
    next() {
      const { value, done: isOver } = left.next()
      return isOver ? done : call(value)
    },
  }
}

/** Each worker does this once. */
export function eachWorker(make: (worker: number) => Generator): Generator {
  const own: Generator[] = []
  return { next: (asking) => (own[asking.worker] ??= make(asking.worker)).next(asking) }
}

/** By one worker, again and again until it is over: for what must succeed once. */
export function until(isOver: () => boolean, request: () => Request): Generator {
  let hasBegun = false
  return {
    next({ worker }) {
      if (worker > 0 || (hasBegun && isOver())) return done
      hasBegun = true
      return call(request())
    },
  }
}

/** How long a worker waits before it makes a call again that did not end with ok. */
const RETRY_MS = 500

/** A call that does not end with ok is made again by its worker, until one does: for what must be known in the end. */
export function retried(part: Generator): Generator {
  const made = new Map<number, { readonly request: Request; retryMs: number | undefined }>()
  return {
    next({ worker, nowMs, last, ...asking }) {
      const own = made.get(worker)
      if (own !== undefined && last !== 'ok') {
        own.retryMs ??= nowMs + RETRY_MS
        if (nowMs < own.retryMs) return wait(own.retryMs - nowMs)
        own.retryMs = undefined
        return call(own.request)
      }
      const draw = part.next({ worker, nowMs, last, ...asking })
      if (draw.kind === 'call') made.set(worker, { request: draw.request, retryMs: undefined })
      else made.delete(worker)
      return draw
    },
  }
}

/** One of them by chance each time; what is done is not drawn again. Weights are relative, 1 unless said. */
export function mix(parts: readonly (Generator | readonly [weight: number, part: Generator])[]): Generator {
  const left = parts.map((part) =>
    'next' in part ? { weight: 1, part } : { weight: part[0], part: part[1] },
  )
  return {
    next(asking) {
      while (left.length > 0) {
        const total = left.reduce((sum, { weight }) => sum + weight, 0)
        let at = asking.random.next() * total
        const found = left.findIndex(({ weight }) => (at -= weight) < 0)
        const i = found === -1 ? left.length - 1 : found
        const draw = left[i]!.part.next(asking)
        if (draw.kind !== 'done') return draw
        left.splice(i, 1)
      }
      return done
    },
  }
}

/** The first, the second, the first …: of each pair one call after the other, whoever makes them. */
export function flipFlop(first: Generator, second: Generator): Generator {
  let isSecond = false
  return {
    next(asking) {
      const draw = (isSecond ? second : first).next(asking)
      if (draw.kind === 'call') isSecond = !isSecond
      return draw
    },
  }
}

/** So many calls at most, of all workers together. */
export function limit(calls: number, part: Generator): Generator {
  let left = calls
  return {
    next(asking) {
      if (left === 0) return done
      const draw = part.next(asking)
      if (draw.kind === 'call') left--
      return draw
    },
  }
}

/** Ends so long after its first question. */
export function timeLimit(limitMs: number, part: Generator): Generator {
  let endMs: number | undefined
  return {
    next(asking) {
      endMs ??= asking.nowMs + limitMs
      if (asking.nowMs >= endMs) return done
      const draw = part.next(asking)
      return draw.kind === 'wait' ? wait(Math.min(draw.forMs, endMs - asking.nowMs)) : draw
    },
  }
}

/** Calls of all workers together come about so far apart: 0 … twice as long, uniformly. */
export function stagger(meanMs: number, part: Generator): Generator {
  assert(meanMs >= 0, 'a mean time between calls is no less than 0')
  let nextMs: number | undefined
  return {
    next(asking) {
      nextMs ??= asking.nowMs
      if (asking.nowMs < nextMs) return wait(nextMs - asking.nowMs)
      const draw = part.next(asking)
      // A load that fell behind does not make up for it: a rate is a rate, no burst.
      if (draw.kind === 'call')
        nextMs = Math.max(nextMs, asking.nowMs - meanMs) + 2 * meanMs * asking.random.next()
      return draw
    },
  }
}

/** One after the other; each begins when all calls of the one before have returned. */
export function phases(parts: readonly Generator[]): Generator {
  let at = 0
  const finished = new Set<number>()
  return {
    next(asking) {
      while (at < parts.length) {
        if (!finished.has(asking.worker)) {
          const draw = parts[at]!.next(asking)
          if (draw.kind !== 'done') return draw
          finished.add(asking.worker)
        }
        if (finished.size < asking.workers || asking.open > 0) return wait(BARRIER_MS)
        finished.clear()
        at++
      }
      return done
    },
  }
}

/**
 * Workers in groups of `workersPerKey`, each group on a key of its own until that key's load is done, then on the next
 * key, without end: many short histories instead of a long one, which is what a search for an order can bear.
 */
export function perKey(workersPerKey: number, make: (key: number) => Generator): Generator {
  let keys = 0
  const groups: { key: number; part: Generator; finished: Set<number> }[] = []
  const begin = () => {
    const key = keys++
    return { key, part: make(key), finished: new Set<number>() }
  }
  return {
    next(asking) {
      const group = Math.floor(asking.worker / workersPerKey)
      const members = Math.min(workersPerKey, asking.workers - group * workersPerKey)
      for (;;) {
        const own = (groups[group] ??= begin())
        if (own.finished.has(asking.worker)) return wait(BARRIER_MS)
        const draw = own.part.next(asking)
        if (draw.kind === 'call') return call({ ...draw.request, key: own.key })
        if (draw.kind === 'wait') return draw
        own.finished.add(asking.worker)
        if (own.finished.size === members) groups[group] = begin()
      }
    },
  }
}
