import { describe, expect, test } from 'vitest'
import { utf8 } from '../../foundation/bytes.ts'
import { nodeId } from '../../foundation/ids.ts'
import { MemoryDisk } from '../testing/memory-disk.ts'
import { claimDirectory } from './claim-directory.ts'
import { decodeIdentity, encodeIdentity } from './identity.ts'
import { judgeDirectory } from './judge-directory.ts'

const expected = { clusterId: 'seoul', nodeId: nodeId(3) }
const claim = {
  expected,
  found: { kind: 'none' as const },
  hasLog: false,
  hasTables: false,
  initialize: false,
}

describe('who may start on a data directory', () => {
  test('its own node, always', () => {
    const found = { kind: 'valid' as const, identity: expected }
    for (const initialize of [true, false]) {
      expect(judgeDirectory({ ...claim, found, hasLog: true, hasTables: true, initialize })).toEqual({
        verdict: 'use',
      })
    }
  })

  test('a new node on an empty one, once', () => {
    expect(judgeDirectory({ ...claim, initialize: true })).toEqual({ verdict: 'create' })
  })

  test('a known node on an empty one has forgotten its vote', () => {
    const judged = judgeDirectory(claim)
    expect(judged).toMatchObject({ verdict: 'refuse', error: { code: 'forgotten' } })
    expect(judged).toMatchObject({ error: { message: expect.stringContaining('node 3 of cluster seoul') } })
  })

  test('a node whose log is gone has forgotten its vote; one that never had one begins', () => {
    const found = { kind: 'valid' as const, identity: expected }
    expect(judgeDirectory({ ...claim, found, hasTables: true })).toMatchObject({
      error: { code: 'forgotten' },
    })
    expect(judgeDirectory({ ...claim, found })).toEqual({ verdict: 'use' })
  })

  test.each([
    ['data without an identity', { initialize: true }, 'data-directory'],
    [
      'another node',
      { found: { kind: 'valid' as const, identity: { ...expected, nodeId: nodeId(4) } } },
      'data-directory',
    ],
    [
      'another cluster',
      { found: { kind: 'valid' as const, identity: { ...expected, clusterId: 'busan' } } },
      'wrong-cluster',
    ],
    ['a newer format', { found: { kind: 'newer' as const, format: 7 } }, 'data-directory'],
    ['a damaged identity', { found: { kind: 'damaged' as const } }, 'corrupt'],
  ])('nobody on %s', (_, change, code) => {
    expect(judgeDirectory({ ...claim, hasLog: true, initialize: true, ...change })).toMatchObject({
      verdict: 'refuse',
      error: { code },
    })
  })
})

describe('the identity file', () => {
  test('says who, and which format', () => {
    const bytes = encodeIdentity(expected)
    expect(decodeIdentity(bytes)).toEqual({ kind: 'valid', identity: expected })
    expect(decodeIdentity(undefined)).toEqual({ kind: 'none' })
  })

  test('tells every changed or missing byte', () => {
    const bytes = encodeIdentity(expected)
    for (let i = 0; i < bytes.length - 1; i++) {
      const changed = bytes.slice()
      changed[i]! ^= 4
      expect(decodeIdentity(changed).kind).not.toBe('valid')
      expect(decodeIdentity(bytes.slice(0, i)).kind).not.toBe('valid')
    }
  })

  test('of a newer format is known as such', () => {
    expect(decodeIdentity(utf8('dure data directory, format 2\nwhatever\n'))).toEqual({
      kind: 'newer',
      format: 2,
    })
  })
})

describe('claiming a directory', () => {
  const start = (disk: MemoryDisk, node: number, initialize: boolean): Promise<Error | undefined> =>
    new Promise((resolve) =>
      claimDirectory({ disk, clusterId: 'seoul', nodeId: nodeId(node), initialize }, resolve),
    )

  test('makes it the node’s, for good', async () => {
    const disk = new MemoryDisk()
    expect(await start(disk, 3, true)).toBeUndefined()
    disk.losePower()
    expect(await start(disk, 3, false)).toBeUndefined()
    expect(await start(disk, 4, true)).toMatchObject({ code: 'data-directory' })
  })

  test('refuses an empty one under a known id, and one whose identity was removed', async () => {
    const disk = new MemoryDisk()
    expect(await start(disk, 3, false)).toMatchObject({ code: 'forgotten' })
    disk.put('log/0000000000000001.log', new Uint8Array(8))
    expect(await start(disk, 3, true)).toMatchObject({ code: 'data-directory' })
  })

  test('goes on after a crash at any point of the first start', async () => {
    for (let calls = 1; calls < 12; calls++) {
      const disk = new MemoryDisk()
      let left = calls
      disk.refuse = () => {
        if (--left === 0) disk.losePower()
        return undefined
      }
      void start(disk.attach() as MemoryDisk, 3, true)
      await disk.idle()
      disk.losePower()
      disk.refuse = () => undefined
      expect(await start(disk, 3, true)).toBeUndefined()
    }
  })

  test.each(['full', 'read-only', 'failed'] as const)('says that the disk is %s', async (reason) => {
    const disk = new MemoryDisk()
    disk.refuse = (action) => (action === 'write' ? reason : undefined)
    expect(await start(disk, 3, true)).toMatchObject({
      code: 'disk',
      message: expect.stringContaining('identity.new'),
    })
  })

  test('says that another process holds it', async () => {
    const disk = new MemoryDisk()
    disk.refuse = (action) => (action === 'lock' ? 'locked' : undefined)
    expect(await start(disk, 3, true)).toMatchObject({ code: 'data-directory' })
  })
})
