import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { restoreBackup } from '../../src/cli/backup/restore-backup.ts'
import { takeBackup } from '../../src/cli/backup/take-backup.ts'
import { TestCluster } from '../../src/cli/testing/command-line.ts'
import { openDirectory } from '../../src/engines/embedded/open-directory.ts'
import { connectRemote } from '../../src/engines/remote/connect-remote.ts'
import { ProcessCluster } from '../../src/fixture/process-cluster.ts'
import { waitFor } from '../../src/fixture/wait-for.ts'
import { text, utf8 } from '../../src/foundation/bytes.ts'
import type { DureError } from '../../src/foundation/errors.ts'
import type { KeyValueStore } from '../../src/ports/key-value/key-value-store.ts'
import { prefixRange } from '../../src/ports/key-value/prefix-range.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'dure-backup-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const never = new AbortController().signal
const nodesOf = (cluster: ProcessCluster, among: readonly number[] = cluster.nodes) =>
  among.map((node) => ({ name: `node ${node}`, http: cluster.httpAddresses[node - 1]! }))

const take = (nodes: Parameters<typeof takeBackup>[0]['nodes'], onNext = (_error: DureError) => {}) =>
  takeBackup({
    nodes,
    path: join(directory, 'snapshot.dure'),
    force: true,
    timeoutMs: 10_000,
    signal: never,
    onProgress: () => {},
    onNext: (_node, error) => onNext(error),
  })

const restore = (into: string) =>
  restoreBackup({
    file: join(directory, 'snapshot.dure'),
    into,
    shape: 'embedded',
    signal: never,
    onVerified: () => {},
    onDiskFailure: (error) => {
      throw error
    },
  })

/** Writes 1, 2, 3 … to a key and, each time that is acknowledged, to a second one. */
class Counting {
  acknowledged = 0
  asked = 0
  isStopped = false
  readonly ended: Promise<void>

  constructor(store: KeyValueStore, name: string) {
    this.ended = this.#run(store, name)
  }

  async #run(store: KeyValueStore, name: string): Promise<void> {
    while (!this.isStopped) {
      const value = utf8(String(++this.asked))
      await store.put(utf8(`${name}/first`), value)
      await store.put(utf8(`${name}/second`), value)
      this.acknowledged = this.asked
    }
  }
}

const numberAt = async (store: KeyValueStore, key: string): Promise<number> => {
  const { value } = await store.get(utf8(key))
  return value === undefined ? 0 : Number(text(value))
}

test('under load it is the state of one moment, with all that was acknowledged before', async () => {
  await using cluster = await ProcessCluster.start()
  await using store = await cluster.connect()
  const writers = Array.from({ length: 20 }, (_, i) => new Counting(store, `w${i}`))
  for (let round = 0; round < 3; round++) {
    await waitFor('some writes', 10_000, async () =>
      writers.every(({ acknowledged }) => acknowledged > 5 * (round + 1)) ? true : undefined,
    )
    const before = writers.map(({ acknowledged }) => acknowledged)
    const { header } = await take(nodesOf(cluster, [1 + round]))
    const after = writers.map(({ asked }) => asked)
    expect(header.nodeId).toBe(1 + round)
    const into = join(directory, `restored-${round}`)
    const { position } = await restore(into)
    expect(position.index).toBeGreaterThan(header.index)
    await using restored = await openDirectory(into)
    for (const [i] of writers.entries()) {
      const first = await numberAt(restored, `w${i}/first`)
      const second = await numberAt(restored, `w${i}/second`)
      expect(second).toBeGreaterThanOrEqual(before[i]!)
      expect(first).toBeLessThanOrEqual(after[i]!)
      // Of one moment: the second write of a pair never without the first, the next first never without the second.
      expect([0, 1]).toContain(first - second)
    }
    // What the new one is told is newer than anything that the old one said.
    const { version } = await restored.put(utf8('new'), utf8('1'))
    expect(version).toBeGreaterThan(header.index + 100_000)
  }
  for (const writer of writers) writer.isStopped = true
  await Promise.all(writers.map(({ ended }) => ended))
})

test('dure restore makes a cluster that dure up starts, and that refuses what belongs to the old one', async () => {
  const old = await TestCluster.create()
  const restored = await TestCluster.create()
  try {
    await old.up('--nodes', '3')
    expect(await old.run('put', 'city:seoul', '9602000')).toMatchObject({ code: 0 })
    const addresses = (cluster: TestCluster) =>
      [1, 2, 3].map((i) => `127.0.0.1:${cluster.basePort + 100 + i}`)
    await using oldStore = await connectRemote({ addresses: addresses(old) })
    const cursor = await oldStore.cursor()
    const file = join(directory, 'snapshot.dure')
    const taken = await old.run('backup', file, '--json')
    expect(taken).toMatchObject({ code: 0 })
    const { cluster_id: oldId, sha256 } = JSON.parse(taken.stdout)
    expect(JSON.parse((await old.run('backup', '--verify', file, '--json')).stdout)).toMatchObject({
      valid: true,
      sha256,
    })
    const refused = await old.run('backup', file)
    expect(refused).toMatchObject({ code: 64, stderr: expect.stringContaining('is there already') })
    expect(await old.run('backup', join(directory, 'nowhere', 'snapshot.dure'))).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('there is no directory'),
    })
    await old.stop()

    const where = ['--into', restored.directory, '--base-port', String(restored.basePort)]
    const made = await restored.run('restore', file, ...where, '--nodes', '5', '--json')
    expect(made).toMatchObject({ code: 0 })
    expect(JSON.parse(made.stdout)).toMatchObject({ nodes: 5 })
    expect(JSON.parse(made.stdout).cluster_id).not.toBe(oldId)
    expect(await restored.run('restore', file, ...where)).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('is not empty (cluster.json, node-1, node-2, …)'),
    })
    await restored.up()
    expect((await restored.run('get', 'city:seoul')).stdout.trim()).toBe('9602000')
    const { nodes } = await restored.json('status')
    expect(nodes).toHaveLength(5)
    await using store = await connectRemote({ addresses: addresses(restored) })
    await using watch = store.watch(prefixRange(utf8('')), { from: cursor })
    await expect(watch[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'compacted' })
  } finally {
    await old.dispose()
    await restored.dispose()
  }
})

test('a reader that takes its time holds nobody up, and one that goes away leaves nothing open', async () => {
  await using cluster = await ProcessCluster.start({ nodeCount: 1 })
  await using store = await cluster.connect()
  const value = new Uint8Array(500_000).fill(7)
  await Promise.all(
    Array.from({ length: 40 }, (_, i) => store.put(utf8(`large${i}`), value, { timeoutMs: 60_000 })),
  )
  const leave = new AbortController()
  const slow = await cluster.fetch(1, '/v1/backup', { signal: leave.signal })
  const reader = slow.body!.getReader()
  await reader.read()
  for (let i = 0; i < 200; i++) await store.put(utf8('while it reads'), utf8(String(i)))
  // Two at a time: the third is told to wait.
  const second = await cluster.fetch(1, '/v1/backup', { signal: leave.signal })
  const third = await cluster.fetch(1, '/v1/backup')
  expect(third.status).toBe(503)
  expect(await third.json()).toMatchObject({ code: 'overloaded', retryable: true })
  leave.abort()
  await expect(second.arrayBuffer()).rejects.toThrow()
  await waitFor('both to be let go', 10_000, async () =>
    cluster.logOf(1).match(/"event":"backup-failed"/g)?.length === 2 ? true : undefined,
  )
  expect((await take(nodesOf(cluster))).trailer.rowBytes).toBeGreaterThan(40 * 500_000)
})

test('a node that is killed in the middle is no whole backup; another one gives it', async () => {
  await using cluster = await ProcessCluster.start()
  await using store = await cluster.connect()
  const value = new Uint8Array(500_000).fill(7)
  await Promise.all(
    Array.from({ length: 40 }, (_, i) => store.put(utf8(`large${i}`), value, { timeoutMs: 60_000 })),
  )
  const leader = await cluster.leader()
  const response = await cluster.fetch(leader, '/v1/backup', { signal: never })
  const reader = response.body!.getReader()
  await reader.read()
  await cluster.kill(leader)
  const rest = async (): Promise<void> => {
    while (!(await reader.read()).done);
  }
  await expect(rest()).rejects.toThrow()

  // One that is asked first and hangs up after a while, then those that live and the dead one.
  const impostor = createServer((request, answer) => {
    if (request.url === '/status') return void answer.end(JSON.stringify({ state: 'follower', leader_id: 1 }))
    answer.write('dure backup\n', () => answer.destroy())
  }).listen(0, '127.0.0.1')
  try {
    await new Promise((resolve) => impostor.once('listening', resolve))
    const { port } = impostor.address() as AddressInfo
    const errors: string[] = []
    const nodes = [{ name: 'impostor', http: `127.0.0.1:${port}` }, ...nodesOf(cluster)]
    const { from, trailer } = await take(nodes, ({ message }) => errors.push(message))
    expect(errors[0]).toBe('it hung up before the end')
    expect(from.name).not.toBe(`node ${leader}`)
    expect(trailer.rowBytes).toBeGreaterThan(40 * 500_000)
  } finally {
    impostor.close()
  }
})

test('without a majority there is no read point, and no file', async () => {
  await using cluster = await ProcessCluster.start()
  const leader = await cluster.leader()
  for (const node of cluster.nodes) if (node !== leader) await cluster.kill(node)
  const error = await takeBackup({
    nodes: nodesOf(cluster),
    path: join(directory, 'snapshot.dure'),
    force: false,
    timeoutMs: 500,
    signal: never,
    onProgress: () => {},
    onNext: () => {},
  }).catch((error: unknown) => error)
  expect(error).toMatchObject({ code: 'unavailable', outcome: 'failed' })
  expect((error as Error).message).toMatch(/no read point for the backup|it does not answer/)
  expect(readdirSync(directory)).toEqual([])
})
