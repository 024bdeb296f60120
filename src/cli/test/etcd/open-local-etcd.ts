import { readdirSync } from 'node:fs'
import { etcd } from '../../../engines/etcd/etcd.ts'
import { DureError } from '../../../foundation/errors.ts'
import type { KeyValueStore } from '../../../ports/key-value/key-value-store.ts'
import type { EngineOptions, TestedEngine } from '../engines/tested-engine.ts'
import { LocalEtcd } from './local-etcd.ts'

/**
 * An etcd of our own on loopback, and clients of it. Every second worker speaks to one member alone, whatever becomes of
 * it: only so does anybody ask a member that was left behind. The others go where they are answered.
 */
export async function openLocalEtcd(options: EngineOptions): Promise<TestedEngine> {
  const { nodes, workers, faultKinds, directory, random, onSurprise } = options
  if (faultKinds.includes('member')) {
    throw new DureError('unsupported', 'members of etcd are not changed: leave member out of --nemesis')
  }
  const cluster = await LocalEtcd.start({ nodes, random, logDirectory: directory, onSurprise })
  const stores: KeyValueStore[] = []
  const close = async (): Promise<void> => {
    await Promise.allSettled(stores.map((store) => store.close({ timeoutMs: 0 })))
    await cluster[Symbol.asyncDispose]()
  }
  try {
    const { endpoints } = cluster
    for (let worker = 0; worker < workers; worker++) {
      const pinned = [endpoints[Math.floor(worker / 2) % nodes]!]
      stores.push(await etcd({ endpoints: worker % 2 === 1 ? pinned : endpoints }).open())
    }
  } catch (error) {
    await close()
    throw error
  }
  return {
    cluster,
    storeOf: (worker) => stores[worker]!,
    logs: () => readdirSync(directory).filter((file) => file.endsWith('.log')),
    close,
    kill: () => void cluster[Symbol.asyncDispose](),
  }
}
