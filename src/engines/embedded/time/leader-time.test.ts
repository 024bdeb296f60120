import { describe, expect, test } from 'vitest'
import { type LogIndex, logIndex } from '../../../foundation/ids.ts'
import type { Runtime } from '../../../runtime/runtime.ts'
import { Simulation } from '../../../runtime/simulated/simulation.ts'
import { readLogTime } from '../../../wire/command/log-time.ts'
import { type Expiring, LeaderTime } from './leader-time.ts'

/** A leader of which only the time is looked at: what it proposes is applied after `commitMs`, and removes `perEntry` dues. */
class Leader implements Expiring {
  readonly world = new Simulation({ seed: 1 })
  readonly process = this.world.spawn('leader', { promises: false })
  readonly time: LeaderTime
  readonly proposed: number[] = []
  commitMs = 5
  logTimeMs = 0
  dues: number[] = []
  #token = 0
  #index = 0

  constructor() {
    let runtime: Runtime | undefined
    this.process.start((own) => (runtime = own))
    this.world.run({ untilMs: 0 })
    this.#runtime = runtime!
    this.time = new LeaderTime(this.#runtime, this, () => this.#runtime.soon(() => this.#turn()))
  }

  readonly #runtime: Runtime

  get nextDueMs(): number | undefined {
    return this.dues[0]
  }

  /** Some other entry is applied. */
  apply(logTimeMs = this.logTimeMs, index: LogIndex = logIndex(++this.#index)): void {
    this.logTimeMs = Math.max(this.logTimeMs, logTimeMs)
    if ((this.dues[0] ?? Number.POSITIVE_INFINITY) <= this.logTimeMs) this.dues.shift()
    this.time.applied(index)
  }

  #turn(): void {
    if (!this.time.isDue) return
    const token = ++this.#token
    const logTimeMs = readLogTime(this.time.propose(token))
    this.proposed.push(logTimeMs)
    if (this.refuses) return this.time.refused(token)
    const index = logIndex(++this.#index)
    this.time.appended(token, index)
    this.#runtime.timer(this.commitMs, () => this.apply(logTimeMs, index))
  }

  refuses = false
}

describe('a leader', () => {
  test('proposes that time passes when something is due, not before, and not again', () => {
    const leader = new Leader()
    leader.time.start()
    leader.dues = [1_000]
    leader.apply()
    leader.world.run({ untilMs: 999 })
    expect(leader.proposed).toEqual([])
    leader.world.run({ untilMs: 60_000 })
    expect(leader.proposed).toEqual([1_000])
  })

  test('asks for one entry after the other while more is due than one removes', () => {
    const leader = new Leader()
    leader.dues = [100, 100, 100, 100]
    leader.time.start()
    leader.world.run({ untilMs: 130 })
    expect(leader.proposed).toHaveLength(4)
    expect(leader.dues).toEqual([])
  })

  test('has one proposal on its way at a time, however long that takes', () => {
    const leader = new Leader()
    leader.commitMs = 5_000
    leader.dues = [100, 100]
    leader.time.start()
    leader.world.run({ untilMs: 5_050 })
    expect(leader.proposed).toHaveLength(1)
    leader.world.run({ untilMs: 20_000 })
    expect(leader.proposed).toHaveLength(2)
  })

  test('tries again when it was refused, a few times a second', () => {
    const leader = new Leader()
    leader.refuses = true
    leader.dues = [100]
    leader.time.start()
    leader.world.run({ untilMs: 2_100 })
    expect(leader.proposed.length).toBeGreaterThan(4)
    expect(leader.proposed.length).toBeLessThan(12)
  })

  test('does nothing where nothing expires, and nothing once it leads no more', () => {
    const leader = new Leader()
    leader.time.start()
    leader.apply()
    leader.world.run({ untilMs: 10_000 })
    leader.dues = [1]
    leader.apply()
    leader.time.stop()
    leader.apply()
    leader.world.run({ untilMs: 20_000 })
    expect(leader.proposed).toEqual([])
  })

  test('lets time pass in full while something may expire and nobody writes', () => {
    const leader = new Leader()
    leader.time.start()
    leader.dues = [600_000]
    leader.apply()
    leader.world.run({ untilMs: 599_000 })
    expect(leader.proposed).toEqual([])
    leader.world.run({ untilMs: 601_000 })
    expect(leader.proposed).toEqual([600_000])
  })

  test('ends nothing early when its wall clock jumps by a day, either way', () => {
    const leader = new Leader()
    leader.time.start()
    leader.dues = [10_000]
    leader.apply()
    for (const [untilMs, byMs] of [
      [2_000, 86_400_000],
      [4_000, -172_800_000],
    ] as const) {
      leader.world.run({ untilMs })
      leader.process.clock.jump(byMs)
    }
    leader.world.run({ untilMs: 9_999 })
    expect(leader.proposed).toEqual([])
    leader.world.run({ untilMs: 10_500 })
    expect(leader.proposed).toEqual([10_000])
  })

  test('that others wrote past it asks for nothing of its own', () => {
    const leader = new Leader()
    leader.dues = [1_000]
    leader.time.start()
    leader.world.run({ untilMs: 990 })
    leader.apply(1_000)
    leader.world.run({ untilMs: 5_000 })
    expect(leader.proposed).toEqual([])
  })
})
