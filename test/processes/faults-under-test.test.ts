import { describe, expect, test } from 'vitest'
import { ProcessesUnderTest } from '../../src/cli/test/engines/processes-under-test.ts'
import { ProcessCluster } from '../../src/fixture/process-cluster.ts'
import { waitFor } from '../../src/fixture/wait-for.ts'
import { utf8 } from '../../src/foundation/bytes.ts'
import { SeededRandom } from '../../src/runtime/seeded-random.ts'

const WAIT_MS_MAX = 20_000

describe('faults of processes of ours', () => {
  test('a leader that is not heard loses its place; one-way cuts end, and nodes that were away know it', async () => {
    await using processes = await ProcessCluster.start({ nodeCount: 3 })
    const cluster = new ProcessesUnderTest(processes, new SeededRandom(1))
    const leader = (await cluster.leader())!
    const { term } = await processes.status(Number(leader))
    const others = cluster.nodes.filter((node) => node !== leader)
    // Its messages reach nobody; theirs reach it.
    await cluster.cut(others.map((to) => ({ from: leader, to })))
    await processes.electedAfter(term, others.map(Number))
    const faultsOf = async (node: string) =>
      (await (await processes.fetch(Number(node), '/v1/faults')).json()) as Record<string, unknown>
    expect(await faultsOf(leader)).toMatchObject({ blocked: [], deaf_to: [], mute_to: others.map(Number) })
    expect(await faultsOf(others[0]!)).toMatchObject({ deaf_to: [Number(leader)], mute_to: [] })

    await cluster.pause(others[0]!)
    await cluster.kill(others[1]!)
    await cluster.cut([])
    await cluster.resume(others[0]!)
    await cluster.start(others[1]!)
    for (const node of cluster.nodes) expect(await faultsOf(node)).toMatchObject({ deaf_to: [], mute_to: [] })
    await using store = await processes.connect()
    await store.put(utf8('a'), utf8('1'), { timeoutMs: WAIT_MS_MAX })
  })

  test('bad links are survived: lost, doubled and reordered messages between nodes', async () => {
    await using processes = await ProcessCluster.start({ nodeCount: 3 })
    const cluster = new ProcessesUnderTest(processes, new SeededRandom(1))
    await using store = await processes.connect()
    await cluster.disturb({
      lossProbability: 0.1,
      duplicateProbability: 0.3,
      reorderProbability: 0.3,
      delayMs: 5,
    })
    for (let i = 0; i < 50; i++) await store.put(utf8('a'), utf8(String(i)), { timeoutMs: WAIT_MS_MAX })
    const { peers } = (await (await processes.fetch(1, '/v1/faults')).json()) as { peers: object }
    expect(peers).toMatchObject({ loss_probability: 0.1, delay_ms: 5 })
    await cluster.disturb({ delayMs: 5, nodes: ['2'] })
    const delayOf = async (node: number) =>
      ((await (await processes.fetch(node, '/v1/faults')).json()) as { peers: { delay_ms: number } }).peers
        .delay_ms
    expect(await Promise.all([1, 2, 3].map(delayOf))).toEqual([0, 5, 0])
    await cluster.disturb(undefined)
    await processes.agreed()
  })

  test('a member leaves and another one joins, and what is done to one that left does nothing', async () => {
    await using processes = await ProcessCluster.start({ nodeCount: 3 })
    const cluster = new ProcessesUnderTest(processes, new SeededRandom(1))
    const removed = await cluster.removeMember()
    expect(cluster.nodes).toHaveLength(2)
    expect(cluster.nodes).not.toContain(removed)
    for (const act of ['kill', 'start', 'pause', 'resume'] as const) await cluster[act](removed)
    // While nobody runs it waits, and nothing is done to it before it votes.
    const left = cluster.nodes
    await Promise.all(left.map((node) => cluster.kill(node)))
    const added = cluster.addMember()
    await Promise.all(left.map((node) => cluster.start(node)))
    expect(await added).toBe('4')
    expect(cluster.nodes).toEqual([...left, '4'])
    expect(await cluster.addMember()).toBe('nobody')
    const voters = await waitFor('three voters', WAIT_MS_MAX, async () => {
      const { members } = await processes.status(Number((await cluster.leader())!))
      const found = members.filter(({ role }) => role === 'voter').map(({ node_id }) => String(node_id))
      return found.length === 3 ? found : undefined
    })
    expect([...voters].sort()).toEqual([...cluster.nodes].sort())
    // It is a node like all others: it keeps what it has through a kill.
    await cluster.kill('4')
    await cluster.start('4')
    await processes.agreed()
  })
})
