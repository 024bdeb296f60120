import { readdirSync, rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ClientStore } from '../../../engines/client/client-store.ts'
import { ProcessCluster } from '../../../fixture/process-cluster.ts'
import { DureError } from '../../../foundation/errors.ts'
import { ProcessesUnderTest } from './processes-under-test.ts'
import type { EngineOptions, TestedEngine } from './tested-engine.ts'

/**
 * Nodes of ours as real processes on loopback: their data in a temporary directory, their logs with the run.
 *
 * Every second worker speaks to one node alone, whatever becomes of it, as a client behind a load balancer would: only so
 * does anybody ask a leader that was left behind. The others go where the leader is. While members change all do.
 */
export async function openProcesses(options: EngineOptions): Promise<TestedEngine> {
  const { nodes, workers, faultKinds, directory, random, onSurprise } = options
  if (options.endpoints !== undefined) {
    throw new DureError(
      'invalid',
      '--endpoints goes with --engine etcd: leave it out to test processes of ours',
    )
  }
  const data = await mkdtemp(join(tmpdir(), 'dure-test-'))
  const processes = await ProcessCluster.prepare({
    nodeCount: nodes,
    clusterId: 'test',
    directory,
    directoryOf: (node) => join(data, `node-${node}`),
    onDeath: (node, ending) =>
      onSurprise(`node ${node} ended by itself (${ending}); node-${node}.log may say why`),
  })
  const stores: ClientStore[] = []
  const end = async (): Promise<void> => {
    await Promise.allSettled(stores.map((store) => store.close({ timeoutMs: 0 })))
    await processes[Symbol.asyncDispose]()
    await rm(data, { recursive: true, force: true })
  }
  try {
    await Promise.all(processes.nodes.map((node) => processes.start(node)))
    await processes.leader()
    for (let worker = 0; worker < workers; worker++) {
      const isPinned = worker % 2 === 1 && !faultKinds.includes('member')
      const node = processes.nodes[Math.floor(worker / 2) % nodes]!
      stores.push(await processes.connect(isPinned ? node : undefined))
    }
  } catch (error) {
    await end()
    throw error
  }
  return {
    cluster: new ProcessesUnderTest(processes, random),
    storeOf: (worker) => stores[worker]!,
    logs: () => readdirSync(directory).filter((file) => file.endsWith('.log')),
    close: end,
    // The time that is left is short: what can be done in one go is.
    kill: () => void processes.killAll().then(() => rmSync(data, { recursive: true, force: true })),
  }
}
