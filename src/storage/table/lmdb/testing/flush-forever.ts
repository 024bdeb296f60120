import { utf8 } from '../../../../foundation/bytes.ts'
import { groupId, logIndex, nodeId, term } from '../../../../foundation/ids.ts'
import { openLmdbTables } from '../lmdb-table-store.ts'

/** A process to be killed: each commit sets all rows to its index; prints each index that became durable. */
const membership = {
  voters: [nodeId(1)],
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
}
const abort = (reason: Error): void => {
  throw reason
}

openLmdbTables({ directory: process.argv[2]!, abort }, (error, tables) => {
  if (tables === undefined) throw error
  const table = tables.open(groupId(1), membership)
  const next = (): void => {
    const index = logIndex(table.position.index + 1)
    const rows = Array.from({ length: 50 }, (_, i) => ({ key: utf8(`row ${i}`), value: utf8(String(index)) }))
    table.commit(rows, { index, term: term(1), membership })
    table.flush((durable) => {
      process.stdout.write(`${durable.index}\n`)
      next()
    })
  }
  next()
})
