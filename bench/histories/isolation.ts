import { Draw } from '../load/keys.ts'

const SESSIONS = 50
const STEPS = 10
const KEYS = 1_000

/**
 * Sessions of transactions on a serializable store, in AWDIT's text: 50 sessions, ten steps for each transaction, half of
 * them reads, a thousand keys. No value is written twice.
 */
export function* isolationLines(operations: number, seed: number): Generator<string> {
  const draw = new Draw(seed)
  const store = new Map<number, number>()
  const sessions: string[][] = Array.from({ length: SESSIONS }, () => [])
  let value = 0
  const write = (key: number): string => {
    store.set(key, ++value)
    return `w ${key} ${value}`
  }
  // All keys are written first, so that no read finds nothing.
  sessions[0]!.push(Array.from({ length: KEYS }, (_, key) => write(key)).join('\n'))
  for (let done = KEYS; done < operations; done += STEPS) {
    const steps: string[] = []
    const count = Math.min(STEPS, operations - done)
    for (let step = 0; step < count; step++) {
      const key = draw.below(KEYS)
      steps.push(draw.below(2) === 0 ? `r ${key} ${store.get(key)!}` : write(key))
    }
    sessions[draw.below(SESSIONS)]!.push(steps.join('\n'))
  }
  for (const [at, session] of sessions.entries()) {
    if (at > 0) yield '=====\n'
    yield `${session.join('\n-----\n')}\n`
  }
}
