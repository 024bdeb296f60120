import { execFile } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { addressesOf, layoutOf } from '../../src/cli/cluster/layout.ts'
import { type Finished, TestCluster } from '../../src/cli/testing/command-line.ts'
import type { ClientStore } from '../../src/engines/client/client-store.ts'
import { connectRemote } from '../../src/engines/remote/connect-remote.ts'
import { waitFor } from '../../src/fixture/wait-for.ts'
import { text, utf8 } from '../../src/foundation/bytes.ts'
import { RecordedLoad } from './recorded-load.ts'

const WRITES = 100
const WAIT_MS_MAX = 30_000

interface Listed {
  readonly leader_id: number
  readonly members: readonly { readonly node_id: number; readonly role: string }[]
}

/** A local cluster, driven as a person would, and stopped at the end. */
async function upWith(nodes: number): Promise<TestCluster> {
  const cluster = await TestCluster.create()
  onTestFinished(() => cluster.dispose())
  await cluster.up('--nodes', String(nodes))
  return cluster
}

async function connect(cluster: TestCluster, nodes: number): Promise<ClientStore> {
  const addresses = addressesOf(layoutOf(nodes, cluster.basePort)).map(({ peer }) => peer)
  const store = await connectRemote({ addresses })
  onTestFinished(() => store.close({ timeoutMs: 0 }))
  return store
}

async function fine(cluster: TestCluster, ...args: readonly string[]): Promise<Finished> {
  const finished = await cluster.run(...args)
  expect(finished, `${args.join(' ')}: ${finished.stderr}`).toMatchObject({ code: 0 })
  return finished
}

const roles = ({ members }: Listed): Record<number, string> =>
  Object.fromEntries(members.map(({ node_id, role }) => [node_id, role]))

describe('a live cluster under load', () => {
  test('grows, shrinks, loses its leader for good and a node to kill -9, and no request fails', async () => {
    const cluster = await upWith(5)
    const load = new RecordedLoad(await connect(cluster, 5))
    await load.progress(WRITES)

    await fine(cluster, 'member', 'add', '6')
    expect(roles(await cluster.json('member', 'list'))).toMatchObject({ 5: 'voter', 6: 'learner' })
    await fine(cluster, 'member', 'promote', '6', '--timeout-ms', '20000')
    await load.progress(WRITES)

    const { leader_id } = (await cluster.json('member', 'list')) as Listed
    const [follower] = [1, 2, 3, 4, 5].filter((node) => node !== leader_id)
    await fine(cluster, 'member', 'remove', String(follower))
    await load.progress(WRITES)
    await fine(cluster, 'member', 'remove', String(leader_id))
    await load.progress(WRITES)

    const [dead, ...others] = [1, 2, 3, 4, 5].filter((node) => node !== leader_id && node !== follower)
    await fine(cluster, 'kill', String(dead))
    await load.progress(WRITES)
    await fine(cluster, 'member', 'replace', String(dead), '7', '--timeout-ms', '20000')
    await load.progress(WRITES)
    await load.stop()

    const expected = Object.fromEntries([...others, 6, 7].map((node) => [node, 'voter']))
    expect(roles(await cluster.json('member', 'list'))).toEqual(expected)
    expect(load.errors).toEqual([])

    // A number is used up, here and on the directory that is left.
    const again = await cluster.run('member', 'add', String(dead))
    expect(again).toMatchObject({ code: 64, stderr: expect.stringContaining('never used again') })

    // The next start knows who belongs to it, and everything is there.
    await cluster.stop()
    await cluster.up()
    expect(roles(await cluster.json('member', 'list'))).toEqual(expected)
    expect(await load.verdict()).toBeUndefined()
  })

  test('restarts node by node, and no request of a client that retries fails', async () => {
    const cluster = await upWith(3)
    const load = new RecordedLoad(await connect(cluster, 3), { timeoutMs: 5_000 })
    const web = new WebClient(cluster, 3)
    await load.progress(WRITES)
    await fine(cluster, 'restart', '--rolling')
    await load.progress(WRITES)
    await load.stop()
    await web.stop()
    expect(load.errors).toEqual([])
    expect(await load.verdict()).toBeUndefined()
    expect(web.answers).toBeGreaterThan(0)
    expect(web.bad).toEqual([])
    const { nodes } = await cluster.json('status')
    expect(nodes).toHaveLength(3)
    expect(cluster.messages.match(/started/g)).toHaveLength(3)
  })

  test('takes the changes of two operators one after the other', async () => {
    const cluster = await upWith(3)
    const [first, second] = await Promise.all([
      cluster.run('member', 'add', '4'),
      cluster.run('member', 'add', '5'),
    ])
    expect([first, second]).toMatchObject([{ code: 0 }, { code: 0 }])
    const promoted = await Promise.all(
      [4, 5].map((node) => cluster.run('member', 'promote', String(node), '--timeout-ms', '20000')),
    )
    expect(promoted).toMatchObject([{ code: 0 }, { code: 0 }])
    const removed = await Promise.all([1, 2].map((node) => cluster.run('member', 'remove', String(node))))
    expect(removed).toMatchObject([{ code: 0 }, { code: 0 }])
    const listed = (await cluster.json('member', 'list')) as Listed
    expect(roles(listed)).toEqual({ 3: 'voter', 4: 'voter', 5: 'voter' })
    await fine(cluster, 'put', 'a', '1')
  })

  test('is not left without anybody to decide, unless that is meant', async () => {
    const cluster = await upWith(3)
    await fine(cluster, 'kill', '1')
    const leader = await waitFor('a leader', WAIT_MS_MAX, async () => {
      const { leader_id } = (await cluster.json('member', 'list')) as Listed
      return leader_id === 1 || leader_id === null ? undefined : leader_id
    })
    const other = leader === 2 ? 3 : 2
    const refused = await cluster.run('member', 'remove', String(other), '--timeout-ms', '2000')
    expect(refused).toMatchObject({ code: 64, stderr: expect.stringContaining('2 are needed') })
    expect(refused.stderr).toContain('start node 1 first')
    // The one that is gone may go.
    await fine(cluster, 'member', 'remove', '1')
    await fine(cluster, 'put', 'a', '1')
    expect(await cluster.run('start', '1')).toMatchObject({ code: 64 })

    // Started by hand, on what it had when it died: it does not know yet, is told, and ends.
    const late = await started(cluster, 1)
    expect(late.stdout).toContain('"event":"removed"')
    expect(late.stdout).toContain('node 1 was removed from this cluster')
    expect(late.code).toBe(0)
    // One that heard of it while it ran refuses to start.
    await fine(cluster, 'member', 'add', '4')
    await fine(cluster, 'member', 'remove', '4')
    const refusedStart = await started(cluster, 4)
    expect(refusedStart.stdout).toMatch(/"event":"(failed|removed)"/)
    expect(refusedStart.stdout).toContain('node 4 was removed from')
    await fine(cluster, 'put', 'a', '2')
  })
})

describe('a majority that is lost for good', () => {
  test('goes on from the most complete survivor, with all that it had', async () => {
    const cluster = await upWith(5)
    const store = await connect(cluster, 5)
    const keys = Array.from({ length: 200 }, (_, i) => `k${i}`)
    await Promise.all(keys.map((key) => store.put(utf8(key), utf8(`of ${key}`))))
    // All nodes hold all of it, so any two of them are enough to show that nothing is lost.
    await waitFor('all nodes to hold the same', WAIT_MS_MAX, async () => {
      const { nodes } = await cluster.json('status')
      return nodes.every(({ lag }: { lag: number | null }) => lag === 0) ? true : undefined
    })
    await cluster.stop()
    await store.close({ timeoutMs: 0 })
    for (const node of [1, 2, 3]) rmSync(join(cluster.directory, `node-${node}`), { recursive: true })

    const { nodes } = await cluster.json('recover', '--inspect')
    expect(nodes.map(({ nodeId }: { nodeId: number }) => nodeId).toSorted()).toEqual([4, 5])
    const best: number = nodes[0].nodeId
    const meant = ['recover', '--node', String(best)]
    expect(await cluster.run(...meant)).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('nothing was done'),
    })
    await fine(cluster, ...meant, '--yes-lose-unconfirmed-writes')

    await cluster.up()
    const alone = await connectRemote({ addresses: [addressOf(cluster, best)] })
    onTestFinished(() => alone.close({ timeoutMs: 0 }))
    for (const key of keys) {
      const found = await alone.get(utf8(key))
      expect(found.exists && text(found.value), key).toBe(`of ${key}`)
    }
    for (const node of ['6', '7']) {
      await fine(cluster, 'member', 'add', node)
      await fine(cluster, 'member', 'promote', node, '--timeout-ms', '20000')
    }
    await alone.put(utf8('after'), utf8('recovery'))
    // The other survivor belongs to a cluster that is over.
    const [, other] = nodes
    expect(await cluster.run('start', String(other.nodeId))).toMatchObject({ code: 64 })
    const report = await cluster.run('recover', '--inspect')
    expect(report, 'not while a cluster runs').toMatchObject({
      code: 3,
      stderr: expect.stringContaining('stop it first'),
    })
  })
})

/** The process of a node of which the supervisor wants nothing to know, until it ends by itself. */
function started(cluster: TestCluster, node: number): Promise<Finished> {
  const { clusterId } = JSON.parse(readFileSync(join(cluster.directory, 'cluster.json'), 'utf8'))
  const members = addressesOf({ ...layoutOf(3, cluster.basePort), members: [1, 2, 3, 4] })
  const args = [
    fileURLToPath(new URL('../../src/server/main.ts', import.meta.url)),
    ...['--node-id', String(node)],
    ...['--cluster-id', clusterId],
    ...['--directory', join(cluster.directory, `node-${node}`)],
    ...['--members', members.map(({ node, peer }) => `${node}=${peer}`).join(',')],
    ...['--http', members[node - 1]!.http],
  ]
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      args,
      { timeout: WAIT_MS_MAX, killSignal: 'SIGKILL' },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    )
  })
}

const addressOf = (cluster: TestCluster, node: number): string =>
  addressesOf({ ...layoutOf(5, cluster.basePort), members: [node] })[0]!.peer

/** Writes over HTTP, to one node after another, as a client that retries would. */
class WebClient {
  readonly bad: string[] = []
  answers = 0
  #isStopped = false
  readonly #running: Promise<void>

  constructor(cluster: TestCluster, nodes: number) {
    const addresses = addressesOf(layoutOf(nodes, cluster.basePort)).map(({ http }) => http)
    this.#running = this.#run(addresses)
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#running
  }

  async #run(addresses: readonly string[]): Promise<void> {
    for (let i = 0; !this.#isStopped; i++) {
      const url = `http://${addresses[i % addresses.length]}/v1/keys/web`
      const response = await fetch(url, { method: 'PUT', body: String(i) }).catch(() => undefined)
      // Nobody listens while a process starts: the next node is asked.
      if (response === undefined) continue
      this.answers++
      const retryAfter = response.headers.get('retry-after')
      const body = await response.text()
      const isRefused = response.status === 503 && retryAfter !== null
      if (response.status !== 200 && !isRefused) this.bad.push(`${response.status} ${body}`)
    }
  }
}
