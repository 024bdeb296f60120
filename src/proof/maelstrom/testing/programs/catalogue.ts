import type { Program } from '../program-node.ts'
import { broadcast, counter, gSet } from './gossip.ts'
import { kafka, linKv, transactions } from './on-services.ts'
import { echo, uniqueIds } from './simple.ts'

/** A program for each workload: right, and one mistake that it can be made to make. */
export const programs: Readonly<Record<string, Program>> = {
  echo,
  'unique-ids': uniqueIds,
  broadcast,
  'g-set': gSet,
  'g-counter': counter,
  'pn-counter': counter,
  'lin-kv': linKv,
  'txn-list-append': transactions,
  'txn-rw-register': transactions,
  kafka,
}
