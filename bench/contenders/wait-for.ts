/**
 * Asks again until there is an answer; what it last saw is in the error when time runs out.
 *
 * ```ts
 * const leader = await waitFor('a leader', 10_000, () => findLeader(addresses))
 * ```
 *
 * `attempt` answers undefined, or throws, for "not yet"; it throws a `Hopeless` for "never".
 */
export async function waitFor<Value>(
  what: string,
  timeoutMs: number,
  attempt: () => Promise<Value | undefined>,
): Promise<Value> {
  const deadline = performance.now() + timeoutMs
  let last: unknown = 'nothing'
  do {
    try {
      const value = await attempt()
      if (value !== undefined) return value
    } catch (error) {
      if (error instanceof Hopeless) throw error
      last = error
    }
    await pause(20)
  } while (performance.now() < deadline)
  const found = last instanceof Error ? last.message : String(last)
  throw new Error(`waited ${timeoutMs} ms for ${what} and did not get it; last found: ${found}`)
}

/** What is waited for cannot come any more. */
export class Hopeless extends Error {
  override readonly name = 'Hopeless'
}

export const pause = (delayMs: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, delayMs))
