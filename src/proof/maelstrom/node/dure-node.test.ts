import { describe, expect, it } from 'vitest'
import { DurableTables } from '../../../storage/table/memory/durable-tables.ts'
import { MemoryTableStore } from '../../../storage/table/memory/memory-table-store.ts'
import { noTableFaults } from '../../../storage/table/memory/table-faults.ts'
import { acknowledgedOf, stagedTest } from '../testing/staged-test.ts'
import type { ThreadProgram } from '../testing/thread-launcher.ts'
import { linKv } from '../workloads/lin-kv.ts'
import { txnListAppend, txnRwRegister } from '../workloads/transactions.ts'
import { DureNode } from './dure-node.ts'

/** Each keeps its disk and its tables over a kill. */
function dureNodes(): ThreadProgram {
  const tables = new Map<string, DurableTables>()
  return (runtime, write, name) => {
    const durable = tables.get(name) ?? new DurableTables()
    tables.set(name, durable)
    return new DureNode({
      runtime,
      openTables: (done) =>
        done(undefined, new MemoryTableStore({ runtime, durable, faults: noTableFaults })),
      write(line) {
        write(line)
        return true
      },
      onFailure(error) {
        throw error
      },
    })
  }
}
const faults = { everyMs: 2_000, forMs: 2_000 }

describe('our own store as a node of Maelstrom', () => {
  it.for([1, 2])('is linearizable while it is cut, killed, paused and delayed (seed %i)', async (seed) => {
    const { verdict, summary, calls, problems } = await stagedTest(dureNodes(), {
      workload: linKv,
      seed,
      timeLimitMs: 12_000,
      faults: { ...faults, kinds: ['partition', 'kill', 'pause', 'packet'] },
    })
    expect(problems).toEqual([])
    expect([verdict, summary]).toEqual(['valid', 'The history is linearizable.'])
    expect(acknowledgedOf(calls)).toBeGreaterThan(150)
  })

  it.for([txnListAppend, txnRwRegister])('runs transactions: $name', async (workload) => {
    const { verdict, summary, calls } = await stagedTest(dureNodes(), {
      workload,
      timeLimitMs: 8_000,
      faults: { ...faults, kinds: ['partition', 'kill'] },
    })
    expect([verdict, summary]).toEqual(['valid', summary])
    expect(acknowledgedOf(calls)).toBeGreaterThan(80)
  })
})
