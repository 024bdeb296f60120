import { unreachable } from '../../../foundation/assert.ts'
import type { EngineName, EngineOptions, TestedEngine } from './tested-engine.ts'

/** Each is loaded when it is asked for. */
export async function openEngine(name: EngineName, options: EngineOptions): Promise<TestedEngine> {
  switch (name) {
    case 'embedded': {
      const { openProcesses } = await import('./processes.ts')
      return openProcesses(options)
    }
    case 'etcd': {
      const { openEtcd } = await import('./etcd.ts')
      return openEtcd(options)
    }
    default:
      return unreachable(name)
  }
}
