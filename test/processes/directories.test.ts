import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CLUSTER_ID, ProcessCluster } from '../../src/fixture/process-cluster.ts'
import { waitFor } from '../../src/fixture/wait-for.ts'
import { utf8 } from '../../src/foundation/bytes.ts'
import { nodeId } from '../../src/foundation/ids.ts'
import { encodeIdentity } from '../../src/storage/identity/identity.ts'
import { SmallDisk } from './mount.ts'
import { type Refusal, refusedStart } from './refused-start.ts'

const NOT_PERMITTED = 'this process may not mount a file system: run it as root'

/** What was asked, what was found, what to do. */
function expectRefusal(found: Refusal, code: string, asked: string, what: string, advice: string): void {
  expect(found.code).toBe(code)
  for (const part of [asked, what, advice]) expect(found.message).toContain(part)
  expect(found.exitCode).toBe(code === 'invalid' ? 64 : 3)
}

describe('a node that has run and stopped', () => {
  let cluster: ProcessCluster
  let directory: string

  beforeAll(async () => {
    cluster = await ProcessCluster.start({ nodeCount: 1 })
    directory = cluster.directoryOf(1)
    await using store = await cluster.connect()
    for (let i = 0; i < 20; i++) await store.put(utf8(`k${i}`), utf8('x'.repeat(2_000)))
    await cluster.stop(1)
  })
  afterAll(() => cluster[Symbol.asyncDispose]())

  const refuse = (...args: string[]) => refusedStart([...cluster.argsOf(1), ...args])

  /** Refused with the file changed, and started as if nothing had been with the file as it was. */
  async function withFile(name: string, change: (bytes: Buffer) => Buffer, run: () => Promise<void>) {
    const path = join(directory, name)
    const before = readFileSync(path)
    writeFileSync(path, change(Buffer.from(before)))
    try {
      await run()
    } finally {
      writeFileSync(path, before)
    }
  }

  const identity = (cluster: string, node: number) => () =>
    Buffer.from(encodeIdentity({ clusterId: cluster, nodeId: nodeId(node) }))

  test.for(['peers', 'HTTP'])('is refused when its port for %s is in use', async (kind) => {
    const address = (kind === 'HTTP' ? cluster.httpAddresses : cluster.addresses)[0]!
    const port = Number(address.split(':')[1])
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    try {
      const refusal = await refuse()
      if (kind === 'HTTP')
        expectRefusal(refusal, 'unavailable', `HTTP port ${port}`, 'in use', 'choose another')
      else expectRefusal(refusal, 'unavailable', `listen on ${address}`, 'using this port', 'choose another')
    } finally {
      server.close()
    }
  })

  test("is refused on another node's directory", () =>
    withFile('identity', identity(CLUSTER_ID, 2), async () => {
      const advice = 'give it its own directory'
      expectRefusal(await refuse(), 'data-directory', 'node 1 of cluster', 'belongs to node 2', advice)
    }))

  test("is refused on another cluster's directory", () =>
    withFile('identity', identity('zoo', 1), async () => {
      const advice = 'give it its own directory'
      expectRefusal(
        await refuse(),
        'wrong-cluster',
        `of cluster ${CLUSTER_ID}`,
        'belongs to cluster zoo',
        advice,
      )
    }))

  test('is refused on a directory of a newer format', () =>
    withFile(
      'identity',
      (bytes) => Buffer.from(bytes.toString().replace('format 3', 'format 4')),
      async () => {
        expectRefusal(await refuse(), 'data-directory', 'node 1', 'format 4', 'start that version')
      },
    ))

  test('is refused on a log of a newer format', () => {
    const change = (bytes: Buffer) => {
      bytes.writeUInt32BE(2, 8)
      return bytes
    }
    return withFile(firstSegment(), change, async () => {
      expectRefusal(await refuse(), 'data-directory', firstSegment(), 'log format 2', 'start that version')
    })
  })

  test('is refused when what was synced is damaged', () => {
    const change = (bytes: Buffer) => {
      bytes[4_000]! ^= 1
      return bytes
    }
    return withFile(firstSegment(), change, async () => {
      const advice = 'dure member replace'
      expectRefusal(await refuse(), 'corrupt', firstSegment(), 'is damaged at offset', advice)
    })
  })

  test('is refused with a damaged identity', () =>
    withFile(
      'identity',
      () => Buffer.from('dure data directory, format 3\n{}\n0\n'),
      async () => {
        expectRefusal(await refuse(), 'corrupt', 'node 1', '"identity" is damaged', 'restore that file')
      },
    ))

  test('is refused on an empty directory', async () => {
    const aside = `${directory}.aside`
    renameSync(directory, aside)
    try {
      expectRefusal(
        await refuse(),
        'forgotten',
        'node 1',
        'which is empty',
        'under a number that was never used',
      )
    } finally {
      rmSync(directory, { recursive: true, force: true })
      renameSync(aside, directory)
    }
  })

  test('is refused without its log', async () => {
    const aside = `${directory}.aside`
    renameSync(join(directory, 'log'), aside)
    try {
      expectRefusal(await refuse(), 'forgotten', 'node 1', 'holds tables but no log', 'dure member replace')
    } finally {
      rmSync(join(directory, 'log'), { recursive: true, force: true })
      renameSync(aside, join(directory, 'log'))
    }
  })

  test('is refused while another process holds its directory', async () => {
    await cluster.start(1)
    const ports = await ProcessCluster.prepare({ nodeCount: 1 })
    const elsewhere = ['--members', `1=${ports.addresses[0]}`, '--http', ports.httpAddresses[0]!]
    const advice = 'choose another one'
    expectRefusal(await refuse(...elsewhere), 'data-directory', directory, 'another process is using', advice)
    await using store = await cluster.connect()
    expect((await store.get(utf8('k19'))).exists).toBe(true)
    await ports[Symbol.asyncDispose]()
  })

  const firstSegment = () => join('log', readdirSync(join(directory, 'log')).sort()[0]!)
})

test('a read-only directory is refused', async ({ skip }) => {
  using disk = SmallDisk.mount(60)
  if (disk === undefined) return skip(NOT_PERMITTED)
  const directory = disk.directory('node')
  await using cluster = await ProcessCluster.start({ nodeCount: 1, directoryOf: () => directory })
  await cluster.stop(1)
  disk.remount('ro')
  const refusal = await refusedStart(cluster.argsOf(1))
  expectRefusal(refusal, 'disk', directory, 'this process may not write there', 'check the mount')
  disk.remount('rw')
  await cluster.start(1)
})

test('a node whose disk is full stops, the others go on, and with more space it is back with all it had', async ({
  skip,
}) => {
  // Two segments of the log and the tables, and not a third segment.
  using disk = SmallDisk.mount(42)
  if (disk === undefined) return skip(NOT_PERMITTED)
  const directory = disk.directory('node')
  await using cluster = await ProcessCluster.start({
    directoryOf: (node) => (node === 1 ? directory : undefined),
  })
  await using store = await cluster.connect()
  const value = new Uint8Array(1 << 20).fill(7)
  const acknowledged: string[] = []
  const write = async () => {
    const key = `large/${acknowledged.length}`
    await store.put(utf8(key), value)
    acknowledged.push(key)
  }
  for (let i = 0; i < 60 && cluster.isRunning(1); i++) await write()
  await cluster.ended(1)
  expect(cluster.endingOf(1)).toBe('exit code 3')
  const last = cluster.logOf(1).trimEnd().split('\n').at(-1)!
  expect(last).toContain('no space is left')
  expect(last).toContain('free some, then start again')

  // Started again without more space, it says so again.
  await cluster.start(1).catch(() => {})
  await cluster.ended(1)
  expect(cluster.logOf(1).trimEnd().split('\n').at(-1)).toContain('no space is left')

  for (let i = 0; i < 3; i++) await write()
  disk.remount('size=300m')
  await cluster.start(1)
  await cluster.agreed()
  await using pinned = await cluster.connect(1)
  await waitFor('node 1 to have all that was acknowledged', 10_000, async () => {
    for (const key of acknowledged) {
      const found = await pinned.get(utf8(key), { consistency: 'eventual' })
      if (!found.exists || found.value.length !== value.length) return undefined
    }
    return true
  })
})
