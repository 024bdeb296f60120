import { expect, test } from 'vitest'
import { decodeKey, encodeKey } from '../../blocks/keyspace/key-codec.ts'
import { text } from '../../foundation/bytes.ts'
import { DureError } from '../../foundation/errors.ts'
import type { KeyValueStore } from '../../ports/key-value/key-value-store.ts'
import { ReferenceModel } from '../../ports/key-value/reference/reference-model.ts'
import { ReferenceStore } from '../../ports/key-value/reference/reference-store.ts'
import { replaceCalls } from '../../server/testing/replace-calls.ts'
import { parseKeyTemplate } from '../parse/key-template.ts'
import { importRecords } from './import-records.ts'

const options = { key: parseKeyTemplate('{id}'), keyspace: 'default', concurrency: 256, patienceMs: 1_000 }

async function* numbered(
  count: number,
  id: (i: number) => unknown = (i) => `id-${String(i).padStart(5, '0')}`,
) {
  for (let i = 0; i < count; i++) yield { record: { id: id(i), i }, number: i + 1 }
}

async function contents(store: KeyValueStore) {
  const found: Record<string, unknown> = {}
  for await (const { key, value } of store.range({ from: new Uint8Array() }))
    found[decodeKey(key).key] = JSON.parse(text(value))
  return found
}

test('every record arrives under its key', async () => {
  const store = new ReferenceStore(new ReferenceModel())
  expect(await importRecords(store, numbered(1_000), options)).toBe(1_000)
  const found = await contents(store)
  expect(Object.keys(found)).toHaveLength(1_000)
  expect(found['id-00777']).toEqual({ id: 'id-00777', i: 777 })
})

test('of several records with one key the last stays, though batches may overtake each other', async () => {
  const inner = new ReferenceStore(new ReferenceModel())
  const commits: Promise<unknown>[] = []
  const store = replaceCalls(inner, {
    // Every other commit is slow.
    commit: async (transaction, call) => {
      if (commits.push(Promise.resolve()) % 2 === 1) await new Promise((resolve) => setTimeout(resolve, 5))
      return inner.commit(transaction, call)
    },
  })
  await importRecords(
    store,
    numbered(2_000, (i) => i % 150),
    options,
  )
  const found = await contents(inner)
  expect(found['0']).toEqual({ id: 0, i: 1_950 })
  expect(found['149']).toEqual({ id: 149, i: 1_949 })
})

test('a store that asks to slow down is given time, and nothing is lost', async () => {
  const inner = new ReferenceStore(new ReferenceModel())
  let calls = 0
  const refusals = [
    new DureError('overloaded', 'slow down', { retryable: true, retryAfterMs: 1 }),
    new DureError('not-leader', 'an election is under way', { retryable: true }),
    new DureError('timeout', 'not confirmed', { outcome: 'unknown' }),
  ]
  const store = replaceCalls(inner, {
    commit: (transaction, call) => {
      const refusal = calls++ % 2 === 0 ? refusals[calls % refusals.length] : undefined
      return refusal === undefined ? inner.commit(transaction, call) : Promise.reject(refusal)
    },
  })
  expect(await importRecords(store, numbered(500), options)).toBe(500)
  expect(Object.keys(await contents(inner))).toHaveLength(500)
})

test('patience ends when nothing gets through', async () => {
  const store = replaceCalls(new ReferenceStore(new ReferenceModel()), {
    commit: () =>
      Promise.reject(new DureError('unavailable', 'no majority', { retryable: true, retryAfterMs: 5 })),
  })
  await expect(importRecords(store, numbered(10), { ...options, patienceMs: 30 })).rejects.toThrow(
    'no majority',
  )
})

test('no more are on their way than allowed', async () => {
  const inner = new ReferenceStore(new ReferenceModel())
  let open = 0
  let most = 0
  const store = replaceCalls(inner, {
    commit: async (transaction) => {
      most = Math.max(most, ++open)
      await new Promise((resolve) => setImmediate(resolve))
      open--
      return inner.commit(transaction)
    },
  })
  await importRecords(store, numbered(2_000), { ...options, concurrency: 192 })
  expect(most).toBe(3)
})

test('a record that makes no key is named, and those before it are written', async () => {
  const store = new ReferenceStore(new ReferenceModel())
  const records = numbered(200, (i) => (i === 150 ? null : `id-${i}`))
  await expect(importRecords(store, records, options)).rejects.toThrow(
    'record 151: the key needs the field "id"',
  )
  expect((await store.get(encodeKey('default', 'id-5'))).exists).toBe(true)
})

test('a signal ends it', async () => {
  const controller = new AbortController()
  const work = importRecords(new ReferenceStore(new ReferenceModel()), numbered(1_000_000), {
    ...options,
    signal: controller.signal,
    onProgress: () => controller.abort(new DureError('aborted', 'interrupted')),
  })
  await expect(work).rejects.toThrow('interrupted')
})
