import { join } from 'node:path'
import { CannotRun, type Settings } from '../benchmarks/benchmark.ts'
import type { Contender } from './contender.ts'
import { DureContender } from './dure/dure-contender.ts'
import { EtcdContender, findEtcd } from './etcd/etcd-contender.ts'

const NO_ETCD = 'etcd was not found: install it with `apt-get update && apt-get install -y etcd-server`'

/** The contenders that were asked for and are here; a missing one is named, and the other is measured alone. */
export function availableContenders(settings: Settings): Contender[] {
  const contenders: Contender[] = []
  const missing: string[] = []
  for (const name of settings.contenders) {
    const directory = join(settings.directory, name)
    const program = name === 'etcd' ? findEtcd() : undefined
    if (program !== undefined) {
      contenders.push(new EtcdContender({ program, directory, connections: settings.etcdConnections }))
    } else if (name === 'dure') {
      contenders.push(new DureContender({ directory }))
    } else {
      missing.push(NO_ETCD)
    }
  }
  if (contenders.length === 0) throw new CannotRun(missing.join('; '))
  for (const line of missing) settings.progress(`${line}. Measuring ${contenders[0]!.name} alone.`)
  return contenders
}
