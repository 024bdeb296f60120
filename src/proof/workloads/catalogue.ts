import { DureError } from '../../foundation/errors.ts'
import { suggest } from '../verify/catalogue/suggest.ts'
import { bank } from './bank/bank.ts'
import { counter } from './counter/counter.ts'
import { lease } from './lease/lease.ts'
import { lock } from './lock/lock.ts'
import { longFork } from './long-fork/long-fork.ts'
import { mixed } from './mixed/mixed.ts'
import { queue } from './queue/queue.ts'
import { casRegister, register } from './register/register.ts'
import { session } from './session/session.ts'
import { set } from './set/set.ts'
import { listAppend } from './transactions/list-append.ts'
import { rwRegister } from './transactions/rw-register.ts'
import { uniqueIds } from './unique-ids/unique-ids.ts'
import { watch } from './watch/watch.ts'
import type { Workload } from './workload.ts'

/** All workloads, in the order in which they are best understood. */
export const workloads: readonly Workload[] = [
  register,
  casRegister,
  set,
  counter,
  bank,
  listAppend,
  rwRegister,
  longFork,
  session,
  lock,
  lease,
  queue,
  uniqueIds,
  watch,
  mixed,
]

/** Error: `invalid` for a name that no workload has, with those there are. */
export function workloadNamed(name: string): Workload {
  const found = workloads.find((workload) => workload.name === name)
  if (found !== undefined) return found
  const names = workloads.map((workload) => workload.name)
  const meant = suggest(name, names)
  throw new DureError(
    'invalid',
    `there is no workload ${JSON.stringify(name)}.${meant === undefined ? '' : ` Did you mean ${meant}?`} There are ${names.join(', ')}.`,
  )
}
