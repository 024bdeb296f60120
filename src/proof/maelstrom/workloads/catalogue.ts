import { gCounter, pnCounter } from './counters.ts'
import { echo } from './echo.ts'
import { kafka } from './kafka.ts'
import { linKv } from './lin-kv.ts'
import type { MaelstromWorkload } from './maelstrom-workload.ts'
import { broadcast, gSet } from './sets.ts'
import { txnListAppend, txnRwRegister } from './transactions.ts'
import { uniqueIds } from './unique-ids.ts'

/** In the order in which they are best learned. */
export const maelstromWorkloads: readonly MaelstromWorkload[] = [
  echo,
  uniqueIds,
  broadcast,
  gSet,
  gCounter,
  pnCounter,
  linKv,
  txnListAppend,
  txnRwRegister,
  kafka,
]
