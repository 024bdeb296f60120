import { expect, test } from 'vitest'
import { ProcessCluster } from '../../src/fixture/process-cluster.ts'
import { RecordedLoad } from './recorded-load.ts'

test.concurrent('SIGTERM hands leadership over first: no request of a client that writes fails', async () => {
  await using cluster = await ProcessCluster.start()
  await using store = await cluster.connect()
  const load = new RecordedLoad(store)
  for (let round = 0; round < 3; round++) {
    await load.progress(100)
    const leader = await cluster.leader()
    await cluster.stop(leader)
    expect(cluster.endingOf(leader)).toBe('exit code 0')
    expect(cluster.logOf(leader).trimEnd().split('\n').at(-1)).toContain('"event":"stopped"')
    const next = await cluster.leader()
    expect(next).not.toBe(leader)
    await load.progress(100)
    await cluster.start(leader)
  }
  await load.stop()
  expect(load.errors).toEqual([])
  expect(await load.verdict()).toBeUndefined()
})

test.concurrent('a paused leader is replaced, and answers nothing from the past when it goes on', async () => {
  await using cluster = await ProcessCluster.start()
  await using store = await cluster.connect()
  const load = new RecordedLoad(store)
  for (let round = 0; round < 3; round++) {
    await load.progress(100)
    const paused = await cluster.leader()
    await using pinned = await cluster.connect(paused)
    expect(await load.read(100, 'k0', pinned)).toBeUndefined()
    const { term } = await cluster.status(paused)
    cluster.pause(paused)
    const others = cluster.nodes.filter((node) => node !== paused)
    // Asked now, answered when it goes on: it must not answer as the leader that it was.
    const reads = ['k0', 'k1', 'k2'].map((key) => load.read(100, key, pinned))
    const next = await cluster.leader(others)
    expect((await cluster.status(next)).term).toBeGreaterThan(term)
    await load.progress(100)
    await cluster.resume(paused)
    await Promise.all(reads)
    await load.progress(100)
  }
  await load.stop()
  expect(await load.verdict()).toBeUndefined()
  await cluster.agreed()
})
