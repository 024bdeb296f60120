import { describe, expect, test } from 'vitest'
import { text, utf8 } from '../../foundation/bytes.ts'
import { nodeId } from '../../foundation/ids.ts'
import { MemoryDisk } from '../testing/memory-disk.ts'
import { claimDirectory } from './claim-directory.ts'
import { decodeIdentity, encodeIdentity, IDENTITY_FORMAT } from './identity.ts'
import { judgeDirectory } from './judge-directory.ts'

const expected = { clusterId: 'seoul', nodeId: nodeId(3) }
/** Before there were leases, times to live, the change feed and members. */
const formerIdentity = utf8('dure data directory, format 1\n{"clusterId":"seoul","nodeId":3}\nab421721\n')
const valid = { kind: 'valid' as const, identity: expected, format: IDENTITY_FORMAT }
const claim = {
  expected,
  found: { kind: 'none' as const },
  hasLog: false,
  hasTables: false,
  initialize: false,
}

describe('who may start on a data directory', () => {
  test('its own node, always', () => {
    const found = valid
    for (const initialize of [true, false]) {
      expect(judgeDirectory({ ...claim, found, hasLog: true, hasTables: true, initialize })).toEqual({
        verdict: 'use',
      })
    }
  })

  test('its own node on one of an older format, which becomes one of ours', () => {
    const found = { ...valid, format: IDENTITY_FORMAT - 1 }
    const upgrade = { verdict: 'upgrade', identity: expected }
    expect(judgeDirectory({ ...claim, found, hasLog: true, hasTables: true })).toEqual(upgrade)
    expect(judgeDirectory({ ...claim, found, hasTables: true })).toMatchObject({ verdict: 'refuse' })
    expect(judgeDirectory({ ...claim, found, expected: { ...expected, nodeId: nodeId(4) } })).toMatchObject({
      verdict: 'refuse',
    })
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
    const found = valid
    expect(judgeDirectory({ ...claim, found, hasTables: true })).toMatchObject({
      error: { code: 'forgotten' },
    })
    expect(judgeDirectory({ ...claim, found })).toEqual({ verdict: 'use' })
  })

  test.each([
    ['data without an identity', { initialize: true }, 'data-directory'],
    ['another node', { found: { ...valid, identity: { ...expected, nodeId: nodeId(4) } } }, 'data-directory'],
    [
      'another cluster',
      { found: { ...valid, identity: { ...expected, clusterId: 'busan' } } },
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
    expect(decodeIdentity(bytes)).toEqual(valid)
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
    expect(decodeIdentity(utf8('dure data directory, format 4\nwhatever\n'))).toEqual({
      kind: 'newer',
      format: 4,
    })
  })

  test('has these bytes, and had those', () => {
    const who = '{"clusterId":"seoul","nodeId":3}'
    expect(text(encodeIdentity(expected))).toBe(`dure data directory, format 3\n${who}\nef0f3ef0\n`)
    expect(text(formerIdentity)).toBe(`dure data directory, format 1\n${who}\nab421721\n`)
    expect(decodeIdentity(formerIdentity)).toEqual({ ...valid, format: 1 })
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

  test('of the version before makes it one that the version before refuses, also over a crash at any point', async () => {
    for (let calls = 1; calls < 16; calls++) {
      const disk = new MemoryDisk()
      disk.put('log/0000000000000001.log', new Uint8Array(8))
      disk.put('identity', formerIdentity)
      let left = calls
      disk.refuse = () => {
        if (--left === 0) disk.losePower()
        return undefined
      }
      void start(disk.attach() as MemoryDisk, 3, false)
      await disk.idle()
      disk.losePower()
      disk.refuse = () => undefined
      expect(await start(disk, 3, false)).toBeUndefined()
      disk.losePower()
      expect(decodeIdentity(disk.bytes('identity'))).toEqual(valid)
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
