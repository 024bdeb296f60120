import { createHash } from 'node:crypto'
import { expect, test, vi } from 'vitest'
import type { BackupSource } from '../../engines/embedded/backup/backups.ts'
import type { NodeStatus } from '../../engines/embedded/status.ts'
import { utf8 } from '../../foundation/bytes.ts'
import { DureError } from '../../foundation/errors.ts'
import { logIndex, nodeId, term } from '../../foundation/ids.ts'
import type { KeyValueStore } from '../../ports/key-value/key-value-store.ts'
import { BackupReader } from '../../storage/snapshot/backup-reader.ts'
import { encodeChunk } from '../../storage/snapshot/chunk-codec.ts'
import { createApplication } from './application.ts'
import type { ServedLeases, ServedMembers } from './environment.ts'

const membership = {
  voters: [nodeId(1)],
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
}

/** So many chunks of one row each; an error instead of the last when there is one. */
class ScriptedSource implements BackupSource {
  readonly header = {
    clusterId: 'c',
    nodeId: nodeId(1),
    index: logIndex(9),
    term: term(2),
    membership,
    logTimeMs: 5,
    version: '0.1.0',
    createdAtMs: 6,
  }
  taken = 0
  closed = 0
  readonly #chunks: number
  readonly #error: DureError | undefined

  constructor(chunks: number, error?: DureError) {
    this.#chunks = chunks
    this.#error = error
  }

  next: BackupSource['next'] = (done) => {
    const number = this.taken++
    setImmediate(() => {
      if (number < this.#chunks) {
        const key = utf8(String(number).padStart(9, '0'))
        done(undefined, encodeChunk([{ key, value: new Uint8Array(10_000) }]))
      } else done(this.#error, undefined)
    })
  }

  close(): void {
    this.closed++
  }
}

function application(open: () => Promise<BackupSource>, pace = { graceMs: 60_000, bytesPerSecondMin: 1 }) {
  const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() }
  const node = { status: () => ({}) as NodeStatus, metrics: () => [], openBackup: vi.fn(open) }
  const served = {
    node,
    store: {} as KeyValueStore,
    leases: {} as ServedLeases,
    members: {} as ServedMembers,
    faults: undefined,
    log,
    hostNames: [],
    backupPace: pace,
    stopping: new AbortController().signal,
  }
  return { application: createApplication(served), node, log }
}

test('the whole of it comes as one file, and the snapshot is let go', async () => {
  const source = new ScriptedSource(20)
  const { application: served, node } = application(async () => source)
  const response = await served.request('/v1/backup?timeout_ms=700')
  expect(node.openBackup).toHaveBeenCalledWith(700)
  expect(response.headers.get('content-disposition')).toBe('attachment; filename="c-9.dure"')
  const reader = new BackupReader('it', createHash('sha256'))
  const rows = reader.push(new Uint8Array(await response.arrayBuffer())).flat()
  expect(rows).toHaveLength(20)
  expect(reader.end()).toMatchObject({ header: source.header, trailer: { rows: 20, chunks: 20 } })
  expect(source.closed).toBe(1)
})

test('nothing is read ahead of a reader that does not take it', async () => {
  const source = new ScriptedSource(1_000)
  const { application: served } = application(async () => source)
  const response = await served.request('/v1/backup')
  const reader = response.body!.getReader()
  await reader.read()
  await reader.read()
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(source.taken).toBeLessThanOrEqual(2)
  await reader.cancel()
  expect(source.closed).toBe(1)
})

test('a reader that is too slow loses its snapshot, and is told by an end that is none', async () => {
  const source = new ScriptedSource(1_000)
  const { application: served, log } = application(async () => source, {
    graceMs: 30,
    bytesPerSecondMin: 1e9,
  })
  const response = await served.request('/v1/backup')
  const reader = response.body!.getReader()
  await reader.read()
  await vi.waitFor(() => expect(source.closed).toBe(1))
  await expect(reader.read()).rejects.toThrow('the backup was read too slowly')
  expect(log.warn).toHaveBeenCalledWith('backup-failed', expect.anything())
})

test('an error in the middle ends it without a trailer', async () => {
  const source = new ScriptedSource(3, new DureError('closed', 'the node is closing'))
  const { application: served } = application(async () => source)
  const response = await served.request('/v1/backup')
  await expect(response.arrayBuffer()).rejects.toThrow('the node is closing')
  expect(source.closed).toBe(1)
})

test('no read point is an answer with its outcome', async () => {
  const refuse = async () => {
    throw new DureError('not-leader', 'no leader is known', { retryable: true })
  }
  const response = await application(refuse).application.request('/v1/backup')
  expect(response.status).toBe(503)
  expect(await response.json()).toMatchObject({ code: 'not-leader', outcome: 'failed', retryable: true })
})

test.for([
  ['HEAD', '/v1/backup', 405],
  ['POST', '/v1/backup', 405],
  ['GET', '/v1/backup?keyspace=a', 400],
  ['GET', '/v1/backup?timeout_ms=0', 400],
] as const)('%s %s opens no snapshot', async ([method, path, status]) => {
  const { application: served, node } = application(async () => new ScriptedSource(1))
  expect((await served.request(path, { method })).status).toBe(status)
  expect(node.openBackup).not.toHaveBeenCalled()
})
