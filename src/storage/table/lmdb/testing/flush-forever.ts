import { utf8 } from '../../../../foundation/bytes.ts'
import { groupId, logIndex, nodeId, term } from '../../../../foundation/ids.ts'
import { openLmdbTables } from '../lmdb-table-store.ts'

/**
 * A process to be killed: each commit sets all rows to its index; prints each index that became durable. With `grow`
 * each commit also adds 100 kB, until the disk is full: then it prints why and exits with 3.
 */
const membership = {
  voters: [nodeId(1)],
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
}
const [directory, mode] = process.argv.slice(2)
const abort = (reason: Error & { readonly code?: unknown }): void => {
  process.stdout.write(`${String(reason.code)}: ${reason.message}\n`, () => process.exit(3))
}

openLmdbTables({ directory: directory!, abort }, (error, tables) => {
  if (tables === undefined) throw error
  const table = tables.open(groupId(1), membership)
  const next = (): void => {
    const index = logIndex(table.position.index + 1)
    const rows = Array.from({ length: 50 }, (_, i) => ({ key: utf8(`row ${i}`), value: utf8(String(index)) }))
    if (mode === 'grow')
      rows.push({ key: utf8(`filler ${index}`), value: new Uint8Array(100_000).fill(index) })
    table.commit(rows, { index, term: term(1), membership })
    table.flush((durable) => {
      process.stdout.write(`${durable.index}\n`)
      next()
    })
  }
  next()
})
