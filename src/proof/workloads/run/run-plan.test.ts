import { describe, expect, it } from 'vitest'
import { DureError } from '../../../foundation/errors.ts'
import { Simulation } from '../../../runtime/simulated/simulation.ts'
import type { ClusterUnderTest } from '../../chaos/nemesis/cluster-under-test.ts'
import type { CheckResult, Verdict } from '../../verify/verdict/verdict.ts'
import { eachWorker, limit, repeat, retried } from '../generator/combinators.ts'
import { type RunPlan, runPlan, type TestHooks, type TestRun } from './run-plan.ts'

const reads = () => repeat(() => ({ f: 'read', value: null }))

const nothingToBreak: ClusterUnderTest = {
  nodes: [],
  abilities: new Set(),
  leader: async () => undefined,
  kill: async () => {},
  start: async () => {},
  pause: async () => {},
  resume: async () => {},
  cut: async () => {},
}

const found = (verdict: Verdict): CheckResult => ({
  verdict,
  summary: `So it is: ${verdict}.`,
  anomalies: [],
  spent: { steps: 0, memoryBytes: 0 },
})

/** Ten seconds of reads by two workers, each answered as long as the store is up at that time, on virtual time. */
async function run(
  isUp: (nowMs: number) => boolean,
  { plan = {}, ...hooks }: TestHooks & { readonly plan?: Partial<RunPlan> } = {},
): Promise<TestRun & { readonly tookMs: number }> {
  const world = new Simulation({ seed: 1 })
  let outcome: TestRun | { readonly error: unknown } | undefined
  world.spawn('run').startNow((runtime) => {
    const beganMs = runtime.clock.monotonicMs()
    const client = {
      async invoke() {
        if (!isUp(runtime.clock.monotonicMs() - beganMs))
          throw new DureError('unavailable', 'nobody is there')
        return { type: 'ok', value: null } as const
      },
    }
    const whole: RunPlan = {
      load: reads(),
      finalReads: retried(eachWorker(() => limit(1, reads()))),
      atLeast: { read: 5 },
      open: () => client,
      check: () => found('valid'),
      ...plan,
    }
    const options = { workers: 2, ratePerSecond: 10, timeLimitMs: 10_000, timeoutMs: 1_000 }
    runPlan(runtime, nothingToBreak, whole, options, hooks).then(
      (run) => (outcome = run),
      (error: unknown) => (outcome = { error }),
    )
  })
  await world.runAwaiting(() => outcome !== undefined, { withinMs: 200_000 })
  if (outcome === undefined || 'error' in outcome) throw new Error('no end', { cause: outcome?.error })
  return { ...outcome, tookMs: world.nowMs }
}

const UNANSWERED = 'What is there in the end is not known: no final read was answered after all was mended.'

describe('a run', () => {
  it('is what its check says when enough was done', async () => {
    const { verdict, summary, finalFrom, history } = await run(() => true)
    expect([verdict, summary]).toEqual(['valid', 'So it is: valid.'])
    expect(history.events.slice(finalFrom)).toHaveLength(4)
  })

  it('of a store that never answers again is no pass, however well it did before', async () => {
    const { verdict, summary, unfinished, tookMs } = await run((nowMs) => nowMs < 9_000)
    expect([verdict, summary, unfinished]).toEqual(['unknown', UNANSWERED, UNANSWERED])
    expect(tookMs).toBeGreaterThan(60_000)
  })

  it('waits for a store that needs a while', async () => {
    const { verdict, tookMs } = await run((nowMs) => nowMs < 9_000 || nowMs > 15_000)
    expect(verdict).toBe('valid')
    expect(tookMs).toBeLessThan(20_000)
  })

  it('whose final reads are interrupted does not wait for them', async () => {
    const interrupted = new AbortController()
    let failures = 0
    const { verdict, tookMs } = await run((nowMs) => nowMs < 9_000, {
      signal: interrupted.signal,
      onEvent({ type }) {
        if (type === 'fail' && ++failures === 20) interrupted.abort()
      },
    })
    expect(verdict).toBe('unknown')
    expect(tookMs).toBeLessThan(20_000)
  })

  it('that is wrong stays wrong, and says that it has no end', async () => {
    const { verdict, summary } = await run((nowMs) => nowMs < 9_000, {
      plan: { check: () => found('invalid') },
    })
    expect([verdict, summary]).toEqual(['invalid', `So it is: invalid. ${UNANSWERED}`])
  })

  it('shows nothing when too few calls were acknowledged', async () => {
    const { verdict, summary } = await run(() => true, { plan: { atLeast: { read: 1_000 } } })
    expect([verdict, summary]).toEqual([
      'unknown',
      expect.stringMatching(/^Too few calls .* 1000 are needed\.$/),
    ])
  })

  it('may know by itself why it has no end', async () => {
    const { verdict, summary } = await run(() => true, { plan: { unfinished: () => 'Node 3 said nothing.' } })
    expect([verdict, summary]).toEqual(['unknown', 'Node 3 said nothing.'])
  })
})
