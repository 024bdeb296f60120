import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { utf8 } from '../../../src/foundation/bytes.ts'
import { connectEtcd } from './etcd-client.ts'
import { EtcdContender, findEtcd } from './etcd-contender.ts'

const program = findEtcd()

test.skipIf(program === undefined)(
  'etcd writes and reads at its leader, and goes on without a leader that was killed',
  async () => {
    await using cleanup = new AsyncDisposableStack()
    const directory = mkdtempSync(join(tmpdir(), 'dure-bench-test-'))
    cleanup.defer(() => rmSync(directory, { recursive: true, force: true }))
    const contender = new EtcdContender({ program: program!, directory, connections: 1 })
    cleanup.defer(() => contender.stop())
    await contender.start()
    expect(contender.pids.length).toBe(3)

    const client = await connectEtcd(contender.target)
    const first = await client.put(utf8('a'), utf8('1'))
    expect(await client.put(utf8('a'), utf8('2'))).toBe(first + 1)
    expect(await client.get(utf8('a'))).toBe(true)
    expect(await client.get(utf8('b'))).toBe(false)
    await client.close()

    const before = await contender.leader()
    const retrying = await contender.connectRetrying()
    cleanup.defer(() => retrying.close())
    contender.kill(before.node)
    await retrying.put(utf8('b'), utf8('3'), 30_000)
    const after = await contender.leader()
    expect(after.node).not.toBe(before.node)
    expect(after.term).toBeGreaterThan(before.term)
    expect(contender.pids.length).toBe(2)

    await contender.restart(before.node)
    await contender.caughtUp(before.node)
    expect(await contender.readFrom(before.node, utf8('b'))).toBe(true)
  },
)
