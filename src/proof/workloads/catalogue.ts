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
