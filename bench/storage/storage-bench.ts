/**
 * Rates and latencies of the log and the table on this machine's disk:
 *
 *     node bin/run.js bench/storage/storage-bench.ts [--directory D] [log] [encoding] [groups] [table] [rewrites]
 *
 * All of them unless some are named.
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { cpuUsage, memoryUsage } from 'node:process'
import { parseArgs } from 'node:util'
import { utf8 } from '../../src/foundation/bytes.ts'
import { type GroupId, groupId, logIndex, nodeId, term } from '../../src/foundation/ids.ts'
import { NodeDisk } from '../../src/runtime/node/node-disk.ts'
import { SeededRandom } from '../../src/runtime/seeded-random.ts'
import type { Log } from '../../src/storage/log/log.ts'
import { type OpenedLog, openLog } from '../../src/storage/log/open-log.ts'
import { openLmdbTables } from '../../src/storage/table/lmdb/lmdb-table-store.ts'
import type { RowChange, Table, TableStore } from '../../src/storage/table/table.ts'

const ENTRY_BYTES = 300
const ROW_BYTES = 256
const membership = {
  voters: [nodeId(1)],
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
}
const data = new Uint8Array(ENTRY_BYTES).fill(7)

const abort = (reason: Error): never => {
  throw reason
}

function open(directory: string, segmentBytes = 16 << 20): Promise<OpenedLog> {
  const clock = { monotonicMs: () => performance.now(), wallMs: () => 0 }
  return new Promise((resolve, reject) => {
    openLog(
      {
        disk: new NodeDisk(directory),
        clock,
        random: new SeededRandom(1),
        abort,
        soon: setImmediate,
        directory: 'log',
        owner: { clusterId: 'bench', nodeId: nodeId(1) },
        segmentBytes,
      },
      (error, opened) => (opened === undefined ? reject(error) : resolve(opened)),
    )
  })
}

const close = (log: { close(done: () => void): void }): Promise<void> =>
  new Promise((resolve) => log.close(resolve))

class Appender {
  readonly #log: Log
  readonly #group: GroupId
  #last = 0
  #compacted = 0

  constructor(log: Log, group: number) {
    this.#log = log
    this.#group = groupId(group)
  }

  append(done: () => void): void {
    const index = logIndex(++this.#last)
    const entries = [{ index, term: term(1), kind: 'command' as const, data }]
    // As a host does: the log is cut behind the flushed table now and then.
    if (index % 50_000 === 0) {
      const compacted = {
        index: logIndex(Math.max(index - 40_000, this.#compacted)),
        term: term(1),
      }
      this.#compacted = compacted.index
      if (compacted.index > 0) this.#log.append({ group: this.#group, compacted }, () => {})
    }
    this.#log.append({ group: this.#group, entries }, done)
  }
}

function summary(samplesMs: number[]): string {
  samplesMs.sort((a, b) => a - b)
  const at = (fraction: number) => (samplesMs[Math.floor(samplesMs.length * fraction)] ?? 0).toFixed(2)
  return `p50 ${at(0.5)}  p99 ${at(0.99)} ms`
}

async function benchLog(directory: string): Promise<void> {
  console.log(`log: entries of ${ENTRY_BYTES} B, each acknowledged after its sync`)
  for (const inFlight of [1, 16, 64, 256, 1024]) {
    const { log } = await open(join(directory, `log-${inFlight}`))
    const appender = new Appender(log, 1)
    const samples: number[] = []
    const cpu = cpuUsage()
    const begun = performance.now()
    const endMs = begun + 3_000
    let open_ = 0
    await new Promise<void>((resolve) => {
      const next = (): void => {
        const at = performance.now()
        if (at > endMs) return void (open_ === 0 && resolve())
        open_++
        appender.append(() => {
          open_--
          samples.push(performance.now() - at)
          next()
        })
      }
      for (let i = 0; i < inFlight; i++) next()
    })
    const seconds = (performance.now() - begun) / 1_000
    const { user, system } = cpuUsage(cpu)
    const rate = Math.round(samples.length / seconds)
    const cpuShare = ((user + system) / 1e6 / seconds) * 100
    console.log(
      `   ${String(inFlight).padStart(5)} in flight  ${String(rate).padStart(7)}/s  ${summary(samples)}  CPU ${cpuShare.toFixed(0)} %`,
    )
    await close(log)
  }
}

async function benchEncoding(directory: string): Promise<void> {
  const { log } = await open(join(directory, 'encoding'))
  const appender = new Appender(log, 1)
  const COUNT = 100_000
  let spentMs = 0
  for (let done = 0; done < COUNT; ) {
    const begun = performance.now()
    let open_ = 500
    const written = new Promise<void>((resolve) => {
      for (let i = 0; i < 500; i++) appender.append(() => --open_ === 0 && resolve())
    })
    spentMs += performance.now() - begun
    await written
    done += 500
  }
  console.log(
    `   append() alone: ${((spentMs * 1e6) / COUNT).toFixed(0)} ns each, so ${((spentMs / 1_000) * 100).toFixed(1)} % of a core at 100,000/s`,
  )
  await close(log)
}

async function benchGroups(directory: string): Promise<void> {
  console.log(
    '64 groups on one log of 1 MiB segments; group 1 idle after its first entries, group 2 never compacts',
  )
  const path = join(directory, 'groups')
  const { log } = await open(path, 1 << 20)
  const last = new Array<number>(64).fill(0)
  const append = (group: number): Promise<void> =>
    new Promise((resolve) => {
      const index = logIndex(++last[group]!)
      const compacted = { index: logIndex(index - 101), term: term(1) }
      log.append(
        {
          group: groupId(group),
          compacted: group > 2 && index > 101 && index % 50 === 0 ? compacted : undefined,
          entries: [{ index, term: term(1), kind: 'command', data }],
        },
        resolve,
      )
    })
  for (let i = 0; i < 10; i++) await append(1)
  let written = 0
  for (let round = 1; round <= 4_000; round++) {
    const groups = Array.from({ length: 62 }, (_, i) => i + 2).filter(
      (group) => group > 2 || round % 40 === 0,
    )
    await Promise.all(groups.map(append))
    written += groups.length * ENTRY_BYTES
    if (round % 1_000 === 0) {
      const files = readdirSync(join(path, 'log'))
      const onDisk = files.reduce((sum, name) => sum + statSync(join(path, 'log', name)).size, 0)
      console.log(
        `   ${(written / 1e6).toFixed(0)} MB appended: ${files.length} segments, ${(onDisk / 1e6).toFixed(1)} MB on disk`,
      )
    }
  }
  await close(log)
  const begun = performance.now()
  const again = await open(path, 1 << 20)
  const entries = again.groups.reduce((sum, { entries }) => sum + entries.length, 0)
  console.log(
    `   opened again in ${(performance.now() - begun).toFixed(0)} ms: ${entries} entries of ${again.groups.length} groups`,
  )
  await close(again.log)
}

const openTables = (directory: string): Promise<TableStore> =>
  new Promise((resolve, reject) => {
    openLmdbTables({ directory, abort }, (error, tables) =>
      tables === undefined ? reject(error) : resolve(tables),
    )
  })

const key = (n: number): Uint8Array =>
  utf8(`accounts/${(Math.imul(n, 2654435761) >>> 0).toString().padStart(12, '0')}`)

async function benchTable(directory: string): Promise<void> {
  console.log(`table on LMDB: rows of 21 + ${ROW_BYTES} B, random keys`)
  const path = join(directory, 'tables')
  const tables = await openTables(path)
  const table = tables.open(groupId(1), membership)
  const ROWS = 1_000_000
  const BATCH = 100
  const BURST = 100_000
  const delay = monitorEventLoopDelay({ resolution: 1 })
  let index = 0
  let commitMs = 0
  let flushMs = 0
  delay.enable()
  for (let first = 0; first < ROWS; first += BURST) {
    for (let at = first; at < first + BURST; at += BATCH) {
      const changes: RowChange[] = []
      for (let i = 0; i < BATCH; i++)
        changes.push({ key: key(at + i), value: new Uint8Array(ROW_BYTES).fill(i) })
      const begun = performance.now()
      table.commit(changes, { index: logIndex(++index), term: term(1), membership })
      commitMs += performance.now() - begun
      if (at % 1_000 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    const begun = performance.now()
    await new Promise((resolve) => table.flush(resolve))
    flushMs += performance.now() - begun
  }
  delay.disable()
  console.log(
    `   commit   ${Math.round(ROWS / commitMs)}k rows/s (${((commitMs * 1e6) / ROWS).toFixed(0)} ns each)`,
  )
  console.log(`   flush    ${Math.round(ROWS / flushMs)}k rows/s, ${BURST} in each`)
  console.log(
    `   event loop held up: p99 ${(delay.percentile(99) / 1e6).toFixed(1)} ms, at most ${(delay.max / 1e6).toFixed(1)} ms`,
  )
  readRate('get, just flushed', table, (i) => key(ROWS - 1 - (i % BURST)))
  await close(tables)

  const begun = performance.now()
  const again = await openTables(path)
  const reopened = again.open(groupId(1), membership)
  console.log(`   open with ${ROWS} rows: ${(performance.now() - begun).toFixed(0)} ms`)
  readRate('get from LMDB', reopened, (i) => key((i * 7919) % ROWS))
  const scanBegun = performance.now()
  let rows = 0
  for (const _ of reopened.scan(utf8('accounts/001'), utf8('accounts/002'))) rows++
  console.log(`   scan     ${Math.round(rows / (performance.now() - scanBegun))}k rows/s`)
  await close(again)
}

function readRate(name: string, table: Table, keyOf: (i: number) => Uint8Array): void {
  const COUNT = 200_000
  const keys = Array.from({ length: COUNT }, (_, i) => keyOf(i))
  const begun = performance.now()
  for (const wanted of keys) if (table.get(wanted) === undefined) throw new Error('a row is missing')
  console.log(`   ${name}: ${(((performance.now() - begun) * 1_000) / COUNT).toFixed(2)} us`)
}

/** The same keys again and again, each read before it is written, as the state machine does. */
async function benchRewrites(directory: string): Promise<void> {
  console.log(`table on LMDB: rows of 21 + ${ROW_BYTES} B again and again, random keys`)
  for (const keys of [100_000, 400_000]) {
    const tables = await openTables(join(directory, `rewrites-${keys}`))
    const table = tables.open(groupId(1), membership)
    const random = new SeededRandom(1)
    const PUTS = 1_200_000
    const BATCH = 64
    const FLUSH_BYTES = 32 << 20
    let isFlushing = false
    let flushes = 0
    const begun = performance.now()
    const cpuBegun = cpuUsage()
    for (let index = 0; index < PUTS; index += BATCH) {
      const changes: RowChange[] = []
      for (let i = 0; i < BATCH; i++) {
        const wanted = key(random.integer(1, keys))
        table.get(wanted, 17)
        changes.push({ key: wanted, value: new Uint8Array(ROW_BYTES).fill(i) })
      }
      table.commit(changes, { index: logIndex(index + BATCH), term: term(1), membership })
      if (table.unflushedBytes >= FLUSH_BYTES && !isFlushing) {
        isFlushing = true
        flushes++
        table.flush(() => (isFlushing = false))
      }
      if (index % 2_048 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    const scans = scanTimes(table)
    await new Promise((resolve) => table.flush(resolve))
    const { user, system } = cpuUsage(cpuBegun)
    console.log(
      `   ${PUTS / 1e6}M puts on ${keys / 1e3}k keys: ${((user + system) / PUTS).toFixed(2)} us of processor time each, all threads; ${flushes + 1} flushes, ${((performance.now() - begun) / 1_000).toFixed(1)} s, ${memoryUsage().rss >> 20} MiB`,
    )
    console.log(`   before that flush: ${scans}`)
    await close(tables)
  }
}

/** The first scan finds what no scan has put in order; those after it what it left. */
function scanTimes(table: Table): string {
  const SCANS = 1_000
  const ROWS = 10
  const scan = (i: number): void => {
    let rows = 0
    for (const _ of table.scan(key(i * 7_919), undefined)) if (++rows === ROWS) break
  }
  const firstBegun = performance.now()
  scan(0)
  const firstMs = performance.now() - firstBegun
  const begun = performance.now()
  for (let i = 1; i <= SCANS; i++) scan(i)
  const nextUs = ((performance.now() - begun) * 1_000) / SCANS
  return `the first scan ${firstMs.toFixed(1)} ms, the next ${nextUs.toFixed(0)} us each, ${ROWS} rows of memory and LMDB`
}

const sections: Record<string, (directory: string) => Promise<void>> = {
  log: benchLog,
  encoding: benchEncoding,
  groups: benchGroups,
  table: benchTable,
  rewrites: benchRewrites,
}
const { values, positionals } = parseArgs({
  options: { directory: { type: 'string' } },
  allowPositionals: true,
})
const unknown = positionals.find((name) => !Object.hasOwn(sections, name))
if (unknown !== undefined)
  throw new Error(`there is no '${unknown}': choose ${Object.keys(sections).join(', ')}`)
const directory = mkdtempSync(join(values.directory ?? tmpdir(), 'dure-storage-'))
try {
  for (const [name, section] of Object.entries(sections)) {
    if (positionals.length === 0 || positionals.includes(name)) await section(directory)
  }
} finally {
  rmSync(directory, { recursive: true })
}
