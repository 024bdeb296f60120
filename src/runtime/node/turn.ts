const { nextTick } = process
const { setImmediate: breathe } = globalThis
const settled = Promise.resolve()

/** How long the event loop may be kept waiting. */
const SLICE_MS = 50

/** Told when our code begins and stops to run, as other code of the process runs in between. */
export interface TurnGuard {
  enter(): void
  leave(): void
}

/**
 * Calls `step` until it answers false, each time after every promise has settled that could.
 *
 * Node runs a callback of `nextTick` once the queue of promise callbacks is empty. Asked for from within a promise
 * callback, so a tick comes exactly when there is nothing left to settle: the cheapest such moment there is, without
 * a turn of the event loop. The loop gets its turn every 50 ms.
 */
export function eachAfterMicrotasks(step: () => boolean, guard: TurnGuard): Promise<void> {
  return new Promise((resolve, reject) => {
    let calls = 0
    let sliceEndMs = 0

    const soon = (): void => nextTick(turn)
    const begin = (): void => {
      sliceEndMs = now() + SLICE_MS
      guard.enter()
      // Again through a promise callback: what runs from here on is one chain.
      settled.then(soon)
    }
    const rest = (): void => {
      guard.leave()
      breathe(begin)
    }
    const turn = (): void => {
      let more: boolean
      try {
        more = step()
      } catch (error) {
        guard.leave()
        reject(error)
        return
      }
      if (!more) {
        guard.leave()
        resolve()
      } else if ((++calls & 63) === 0 && now() > sliceEndMs) {
        settled.then(() => nextTick(rest))
      } else {
        settled.then(soon)
      }
    }
    // Not at once: the caller's own code goes on first, and is not ours.
    breathe(begin)
  })
}

const realNow = performance.now.bind(performance)
const now = (): number => realNow()
