import { parseArgs } from 'node:util'
import { etcd } from '../../src/engines/etcd/etcd.ts'
import { pause } from '../../src/fixture/wait-for.ts'
import { utf8 } from '../../src/foundation/bytes.ts'
import { DureError } from '../../src/foundation/errors.ts'
import { absent } from '../../src/ports/key-value/version.ts'

/**
 * A process that takes a lock and works under it until it learns that it has lost it; see `etcd-lock.ts`.
 */
const { values } = parseArgs({
  options: {
    endpoint: { type: 'string', default: '' },
    resource: { type: 'string', default: '' },
    client: { type: 'string', default: 'etcd-lock' },
    lock: { type: 'string', default: '' },
    fence: { type: 'boolean', default: false },
    'ttl-s': { type: 'string', default: '2' },
  },
})
const { endpoint, resource, lock } = values
const ttlSeconds = Number(values['ttl-s'])
const WORK_MS = 50

interface Hold {
  readonly token: number
  /** As far as the holder knows. */
  isHeld(): boolean
}

const hold = values.client === 'dure-lease' ? await holdByLease() : await holdByLock()
const holder = String(process.pid)
await post('acquired', { holder, token: String(hold.token) })
while (hold.isHeld()) {
  // It looks, prepares what it writes, and writes. A pause in between is noticed by nobody.
  await pause(WORK_MS)
  const status = await post('use', { holder, ...(values.fence && { token: String(hold.token) }) })
  // Somebody newer has the lock: that is how a resource with a fence tells.
  if (status === 412) break
}
process.exit(0)

async function post(path: string, query: Record<string, string>): Promise<number> {
  const words = new URLSearchParams(query)
  return (await fetch(`http://${resource}/${path}?${words}`, { method: 'POST' })).status
}

/** etcd's own lock: `Lock` of its API, under a lease that is kept alive, as its clients do it. */
async function holdByLock(): Promise<Hold> {
  const { ID } = await ask<{ ID: string }>('/v3/lease/grant', { TTL: ttlSeconds })
  let isAlive = true
  const keepAlive = async (): Promise<void> => {
    while (isAlive) {
      const { result } = await ask<{ result: { TTL?: string } }>('/v3/lease/keepalive', { ID })
      // No time to live: the lease is gone.
      isAlive = result.TTL !== undefined
      await pause((ttlSeconds * 1_000) / 3)
    }
  }
  keepAlive().catch((error: unknown) => console.error(error))
  const name = Buffer.from(lock).toString('base64')
  // The revision at which the lock was asked for grows with every holder: a fencing token.
  const { header, key } = await ask<{ header: { revision: string }; key: string }>('/v3/lock/lock', {
    name,
    lease: ID,
  })
  const { kvs } = await ask<{ kvs: { create_revision: string }[] }>('/v3/kv/range', { key })
  return { token: Number(kvs[0]?.create_revision ?? header.revision), isHeld: () => isAlive }
}

/** A lease of Dure's: its signal knows when the lease may be over, also right after a pause. */
async function holdByLease(): Promise<Hold> {
  const store = await etcd({ endpoints: [endpoint] }).open()
  for (;;) {
    const lease = await store.lease({ ttlMs: ttlSeconds * 1_000 })
    try {
      await store.put(utf8(lock), utf8(lease.id), { ifVersion: absent, lease })
      return { token: lease.token, isHeld: () => !lease.signal.aborted }
    } catch (error) {
      if (!(error instanceof DureError) || error.code !== 'comparison-failed') throw error
      await lease.release()
      await pause(100)
    }
  }
}

async function ask<Answer>(path: string, body: unknown): Promise<Answer> {
  const response = await fetch(`http://${endpoint}${path}`, { method: 'POST', body: JSON.stringify(body) })
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as Answer
}
