import { describe, expect, it } from 'vitest'
import { SeededRandom } from '../../../runtime/seeded-random.ts'
import { Simulation } from '../../../runtime/simulated/simulation.ts'
import {
  type ClusterUnderTest,
  type Cut,
  type FaultKind,
  faultKinds,
  type LinkDisturbance,
} from './cluster-under-test.ts'
import { type FaultNote, Nemesis } from './nemesis.ts'

/** Nodes that note what is done to them, and refuse what makes no sense. */
class Puppets implements ClusterUnderTest {
  readonly nodes = ['1', '2', '3', '4', '5']
  readonly abilities = new Set(faultKinds)
  readonly dead = new Set<string>()
  readonly paused = new Set<string>()
  cuts: readonly Cut[] = []
  isDisturbed = false
  members = 5
  fails = false
  disturbances?: ReadonlySet<keyof LinkDisturbance>

  async leader() {
    return '2'
  }
  async kill(node: string) {
    if (this.fails && node === '3') throw new Error('node 3 does not die')
    expect(this.dead.has(node) || this.paused.has(node)).toBe(false)
    this.dead.add(node)
  }
  async start(node: string) {
    expect(this.dead.delete(node)).toBe(true)
  }
  async pause(node: string) {
    expect(this.dead.has(node) || this.paused.has(node)).toBe(false)
    this.paused.add(node)
  }
  async resume(node: string) {
    expect(this.paused.delete(node)).toBe(true)
  }
  async cut(cuts: readonly Cut[]) {
    this.cuts = cuts
  }
  async disturb(disturbance: object | undefined) {
    this.isDisturbed = disturbance !== undefined
  }
  async removeMember() {
    return String(this.members--)
  }
  async addMember() {
    return String(++this.members)
  }
}

async function run(
  cluster: Puppets,
  { stopAtMs = 60_000, seed = 1, kinds = faultKinds as readonly FaultKind[] } = {},
): Promise<FaultNote[]> {
  const world = new Simulation({ seed })
  const notes: FaultNote[] = []
  let isOver = false
  let failure: unknown
  world.spawn('nemesis').startNow((runtime) => {
    const nemesis = new Nemesis(runtime, cluster, {
      kinds,
      everyMs: 1_000,
      forMs: 1_000,
      random: new SeededRandom(seed),
      onFault: (note) => notes.push(note),
    })
    nemesis.run().then(
      () => (isOver = true),
      (error) => (failure = error),
    )
    runtime.timer(stopAtMs, () => nemesis.stop())
  })
  await world.runAwaiting(() => isOver || failure !== undefined, { withinMs: stopAtMs + 10_000 })
  if (failure !== undefined) throw failure
  expect(isOver).toBe(true)
  return notes
}

describe('a nemesis', () => {
  it('does every kind of fault, and undoes each', async () => {
    const notes = await run(new Puppets())
    for (const kind of faultKinds) {
      const of = (phase: FaultNote['phase']) =>
        notes.filter((note) => note.kind === kind && note.phase === phase)
      expect(of('begin').length, kind).toBeGreaterThan(10)
      expect(of('end').length, kind).toBe(of('begin').length)
    }
  })

  it('strikes with each kind within five intervals, whatever the others do', async () => {
    for (let seed = 1; seed <= 100; seed++) {
      const notes = await run(new Puppets(), { stopAtMs: 5_000, seed, kinds: ['kill', 'pause', 'partition'] })
      const struck = new Set(notes.filter(({ phase }) => phase === 'begin').map(({ kind }) => kind))
      expect([seed, ...struck].sort()).toEqual([seed, 'kill', 'partition', 'pause'])
    }
  })

  it('leaves nothing behind, whenever it is stopped', async () => {
    for (let seed = 1; seed <= 30; seed++) {
      const cluster = new Puppets()
      await run(cluster, { stopAtMs: 2_000 + 137 * seed, seed })
      expect(cluster).toMatchObject({
        dead: new Set(),
        paused: new Set(),
        cuts: [],
        isDisturbed: false,
        members: 5,
      })
    }
  })

  it('strikes one node, some, the leader and all', async () => {
    const notes = await run(new Puppets())
    const struck = notes.filter(({ kind, phase }) => kind === 'kill' && phase === 'begin')
    const sizes = new Set(struck.map(({ described }) => described.split(',').length))
    expect([1, 2, 3].every((size) => sizes.has(size))).toBe(true)
    expect(Math.max(...sizes)).toBeGreaterThan(3)
    expect(struck.some(({ described }) => described === '2')).toBe(true)
  })

  it('does to messages what the cluster can do to them', async () => {
    const packets = async (cluster: Puppets) =>
      (await run(cluster)).filter(({ kind }) => kind === 'packet').map(({ described }) => described)
    const all = await packets(new Puppets())
    expect(all).toContainEqual(expect.stringMatching(/^duplication \d+ %/))
    for (const whose of [/ of 2$/, / of \d,\d$/, / of \d,\d,\d$/, /(ms|%)$/])
      expect(all).toContainEqual(expect.stringMatching(whose))
    const cluster = new Puppets()
    cluster.disturbances = new Set(['delayMs', 'lossProbability'])
    const some = await packets(cluster)
    expect(some.length).toBeGreaterThan(10)
    expect(some.filter((described) => !/^(delay \d+ ms|loss \d+ %)$/.test(described))).toEqual([])
  })

  it('says what could not be done, and goes on', async () => {
    const cluster = new Puppets()
    cluster.fails = true
    const notes = await run(cluster)
    expect(notes.some(({ error }) => error === 'node 3 does not die')).toBe(true)
    expect(cluster.dead.size).toBe(0)
  })

  it('does the same for the same seed', async () => {
    expect(await run(new Puppets(), { seed: 9 })).toEqual(await run(new Puppets(), { seed: 9 }))
  })
})
