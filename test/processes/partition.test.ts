import { expect, test } from 'vitest'
import { ProcessCluster } from '../../src/fixture/process-cluster.ts'
import { waitFor } from '../../src/fixture/wait-for.ts'
import { utf8 } from '../../src/foundation/bytes.ts'
import { DureError } from '../../src/foundation/errors.ts'
import { RecordedLoad } from './recorded-load.ts'

/**
 * A second is what is promised of a machine that is not busy, and what the simulator holds a majority to (`majority-elects`).
 * Here other tests want the processors too, and a disk may stand still: so much no machine should need.
 */
const ELECTED_MS_MAX = 5_000

const errorOf = async (call: Promise<unknown>): Promise<DureError> => {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(DureError)
  return error as DureError
}

test.concurrent('cut in two, the majority goes on and the minority never lies; healed, all agree', async () => {
  await using cluster = await ProcessCluster.start({ nodeCount: 5 })
  await using store = await cluster.connect()
  const load = new RecordedLoad(store)
  await load.progress(200)

  const leader = await cluster.leader()
  const companion = cluster.nodes.find((node) => node !== leader)!
  const minority = [leader, companion]
  const majority = cluster.nodes.filter((node) => !minority.includes(node))
  const { term } = await cluster.status(leader)
  await using atLeader = await cluster.connect(leader)
  await using atCompanion = await cluster.connect(companion)
  // Their sessions are open before the cut: a write that follows is sent at once.
  for (const [i, pinned] of [atLeader, atCompanion].entries())
    await load.write(200 + i, `cut${i}`, 'before', pinned)

  await cluster.partition(minority, majority)
  const cutMs = performance.now()
  const elected = cluster.electedAfter(term, majority).then(() => performance.now() - cutMs)
  // The old leader takes this write before it knows: it may happen yet, and says so.
  const atOnce = load.write(200, 'cut0', 'at once', atLeader, 2_500)
  await expect.poll(async () => (await cluster.status(leader)).state, { timeout: 10_000 }).toBe('follower')
  expect(await elected, 'ms until the majority had a leader').toBeLessThan(ELECTED_MS_MAX)
  const next = await cluster.leader(majority)
  expect((await cluster.status(next)).term).toBeGreaterThan(term)
  expect(await atOnce).toMatchObject({ outcome: 'unknown' })

  // Those of the majority are asked directly: a client that knows all nodes would find them by itself.
  await using atMajority = await cluster.connect(next)
  expect(await load.write(300, 'cut0', 'of the majority', atMajority)).toBeUndefined()
  for (const [i, pinned] of [atLeader, atCompanion].entries()) {
    // There is no leader, so nothing was tried: both failed for certain.
    const read = await load.read(200 + i, `cut${i}`, pinned, 1_000)
    const written = await load.write(200 + i, `cut${i}`, `lost ${i}`, pinned, 1_000)
    for (const error of [read, written]) {
      expect(error).toMatchObject({ outcome: 'failed', retryable: true })
      expect(['not-leader', 'unavailable', 'timeout']).toContain(error!.code)
    }
    const found = await pinned.get(utf8('cut0'), { consistency: 'eventual' })
    expect(found.exists).toBe(true)
  }

  const overHttp = await cluster.fetch(leader, '/v1/keys/cut?timeout_ms=500', { method: 'PUT', body: 'x' })
  expect(overHttp.status).toBe(503)
  expect(overHttp.headers.get('retry-after')).not.toBeNull()
  expect(await overHttp.json()).toMatchObject({ outcome: 'failed', retryable: true })
  const readOverHttp = await cluster.fetch(companion, '/v1/keys/cut0?timeout_ms=500')
  expect(readOverHttp.status).toBe(503)

  await load.progress(200)
  await cluster.heal()
  await load.progress(200)
  await load.stop()
  expect(await load.verdict()).toBeUndefined()
  expect(await load.read(300, 'cut1', atCompanion)).toBeUndefined()
  await cluster.agreed()
  for (const node of cluster.nodes) {
    await using pinned = await cluster.connect(node)
    const found = await pinned.get(utf8('cut1'), { consistency: 'eventual' })
    expect(Buffer.from(found.value!).toString()).toBe('before')
  }
  expect(await load.verdict()).toBeUndefined()
})

test.concurrent('nodes that neither hear nor reach anybody answer no strong read, and forget no write when they are back', async () => {
  await using cluster = await ProcessCluster.start()
  await using store = await cluster.connect()
  const { version } = await store.put(utf8('a'), utf8('1'))
  await cluster.partition(...cluster.nodes.map((node) => [node]))
  await waitFor('every node to give leadership up', 10_000, async () => {
    const statuses = await Promise.all(cluster.nodes.map((node) => cluster.status(node)))
    return statuses.every(({ state }) => state !== 'leader') ? true : undefined
  })
  for (const node of cluster.nodes) {
    await using pinned = await cluster.connect(node)
    const error = await errorOf(pinned.get(utf8('a'), { timeoutMs: 400 }))
    expect(error.outcome).toBe('failed')
    expect(['not-leader', 'unavailable', 'timeout']).toContain(error.code)
  }
  await cluster.heal()
  expect(await store.get(utf8('a'))).toMatchObject({ exists: true, version })
})
