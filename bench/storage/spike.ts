/**
 * The measurements behind `docs/decisions/0001-storage.md`:
 *
 *     node bin/run.js bench/storage/spike.ts [directory]
 *
 * 1. how a log write reaches the disk, 2. how rows reach LMDB, 3. what one does to the other, 4. reads.
 */
import {
  closeSync,
  constants,
  fdatasync,
  fdatasyncSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  rmSync,
  write,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { open, type RootDatabase } from 'lmdb'

const VALUE_BYTES = 256
const KEY_BYTES = 32

function percentile(sorted: readonly number[], fraction: number): string {
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] ?? 0).toFixed(3)
}

function report(name: string, samplesMs: number[], extra = ''): void {
  samplesMs.sort((a, b) => a - b)
  const line = `p50 ${percentile(samplesMs, 0.5)}  p99 ${percentile(samplesMs, 0.99)}  max ${percentile(samplesMs, 1)} ms`
  console.log(`${name.padEnd(58)} ${line}  ${extra}`)
}

function zeroFilled(path: string, sizeBytes: number): void {
  const file = openSync(path, 'w')
  const zeros = Buffer.alloc(1 << 20)
  for (let at = 0; at < sizeBytes; at += zeros.length) writeSync(file, zeros, 0, zeros.length, at)
  fsyncSync(file)
  closeSync(file)
}

type Method = 'dsync' | 'fdatasync'

/** One write in flight at a time, as the log does. */
async function logWrites(
  path: string,
  method: Method,
  preallocated: boolean,
  bytes: number,
  until: (n: number) => boolean,
): Promise<number[]> {
  const sizeBytes = 64 << 20
  if (preallocated) zeroFilled(path, sizeBytes)
  const flags = constants.O_RDWR | constants.O_CREAT | (method === 'dsync' ? constants.O_DSYNC : 0)
  const file = openSync(path, flags, 0o644)
  const batch = Buffer.alloc(bytes, 7)
  const samples: number[] = []
  let at = 0
  while (!until(samples.length)) {
    const begun = performance.now()
    await new Promise<void>((resolve, reject) => {
      write(file, batch, 0, bytes, at, (error) => {
        if (error !== null) reject(error)
        else if (method === 'dsync') resolve()
        else fdatasync(file, (failed) => (failed ? reject(failed) : resolve()))
      })
    })
    samples.push(performance.now() - begun)
    at = at + bytes + bytes > sizeBytes ? 0 : at + bytes
  }
  closeSync(file)
  rmSync(path)
  return samples
}

function syncLoop(path: string, method: Method, bytes: number, count: number): number[] {
  zeroFilled(path, 16 << 20)
  const file = openSync(path, constants.O_RDWR | (method === 'dsync' ? constants.O_DSYNC : 0))
  const batch = Buffer.alloc(bytes, 7)
  const samples: number[] = []
  for (let i = 0; i < count; i++) {
    const begun = performance.now()
    writeSync(file, batch, 0, bytes, (i * bytes) % ((16 << 20) - bytes))
    if (method === 'fdatasync') fdatasyncSync(file)
    samples.push(performance.now() - begun)
  }
  closeSync(file)
  rmSync(path)
  return samples
}

const lmdbOptions = {
  keyEncoding: 'binary',
  encoding: 'binary',
  cache: false,
  overlappingSync: false,
  maxReaders: 64,
} as const

function rowKey(key: Buffer, n: number): Buffer {
  key.writeUInt32BE(Math.imul(n, 2654435761) >>> 0, KEY_BYTES - 4)
  return key
}

function putRows(db: RootDatabase<Buffer, Buffer>, first: number, count: number): void {
  const value = Buffer.alloc(VALUE_BYTES, 9)
  db.transactionSync(() => {
    for (let i = 0; i < count; i++) db.putSync(rowKey(Buffer.alloc(KEY_BYTES), first + i), value)
  })
}

/** Blocks of the event loop longer than a timer of 1 ms should show. */
function watchLoop(): () => number[] {
  const gaps: number[] = []
  let last = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    gaps.push(now - last)
    last = now
  }, 1)
  return () => {
    clearInterval(timer)
    return gaps
  }
}

if (!isMainThread) {
  const { path } = workerData as { path: string }
  const db = open<Buffer, Buffer>({ path, ...lmdbOptions })
  parentPort!.on('message', ({ first, count }: { first: number; count: number }) => {
    putRows(db, first, count)
    parentPort!.postMessage('done')
  })
} else {
  const directory = mkdtempSync(join(process.argv[2] ?? tmpdir(), 'dure-spike-'))
  const at = (name: string) => join(directory, name)

  console.log('1. one log write in flight at a time, through the thread pool')
  for (const bytes of [512, 4096, 65536]) {
    for (const [method, preallocated] of [
      ['dsync', true],
      ['fdatasync', true],
      ['dsync', false],
      ['fdatasync', false],
    ] as const) {
      const samples = await logWrites(at('log'), method, preallocated, bytes, (n) => n >= 1500)
      report(`   ${bytes} B, ${method}, ${preallocated ? 'preallocated' : 'growing file'}`, samples)
    }
  }
  report('   4096 B, dsync, preallocated, synchronous call', syncLoop(at('log'), 'dsync', 4096, 1500))

  console.log('2. rows of 32 + 256 B into LMDB, random keys')
  const ROWS = 200_000
  for (const batch of [2_000, 20_000]) {
    const worker = new Worker(new URL(import.meta.url), { workerData: { path: at(`worker-${batch}`) } })
    const gaps = watchLoop()
    const begun = performance.now()
    for (let first = 0; first < ROWS; first += batch) {
      const done = new Promise((resolve) => worker.once('message', resolve))
      worker.postMessage({ first, count: batch })
      await done
    }
    const took = performance.now() - begun
    report(
      `   worker, transactionSync of ${batch} rows: loop gap`,
      gaps(),
      `${Math.round(ROWS / took)}k rows/s`,
    )
    await worker.terminate()
  }
  {
    const db = open<Buffer, Buffer>({ path: at('async'), ...lmdbOptions })
    const value = Buffer.alloc(VALUE_BYTES, 9)
    const gaps = watchLoop()
    const begun = performance.now()
    for (let first = 0; first < ROWS; first += 20_000) {
      let last: Promise<boolean> | undefined
      for (let i = 0; i < 20_000; i++) last = db.put(rowKey(Buffer.alloc(KEY_BYTES), first + i), value)
      await last
      await db.flushed
    }
    const took = performance.now() - begun
    report('   asynchronous puts, 20000 per turn: loop gap', gaps(), `${Math.round(ROWS / took)}k rows/s`)
    await db.close()
  }

  console.log('3. 4096 B log writes while LMDB flushes 20000-row transactions in a worker')
  for (const method of ['dsync', 'fdatasync'] as const) {
    const alone = await logWrites(at('log'), method, true, 4096, (n) => n >= 3000)
    report(`   ${method}, alone`, alone)
    const worker = new Worker(new URL(import.meta.url), { workerData: { path: at('worker-20000') } })
    let flushes = 0
    let stop = false
    // A worker that is terminated inside a transaction leaves LMDB's writer lock held: wait for its last answer.
    const stopped = new Promise<void>((resolve) => {
      const next = () => {
        flushes++
        if (stop) resolve()
        else worker.postMessage({ first: flushes * 20_000, count: 20_000 })
      }
      worker.on('message', next)
      next()
    })
    const end = performance.now() + 5_000
    const beside = await logWrites(at('log'), method, true, 4096, () => performance.now() > end)
    stop = true
    await stopped
    report(`   ${method}, beside`, beside, `${flushes} flushes in 5 s, ${beside.length} writes`)
    await worker.terminate()
  }

  console.log('4. LMDB point reads on the main thread')
  {
    const openedAt = performance.now()
    const db = open<Buffer, Buffer>({ path: at('worker-20000'), ...lmdbOptions })
    console.log(`   open: ${(performance.now() - openedAt).toFixed(1)} ms`)
    const reads: [string, (key: Buffer) => unknown][] = [
      ['getBinary (copies)', (key) => db.getBinary(key)],
      ['getBinaryFast', (key) => db.getBinaryFast(key)],
      [
        'getBinaryFast + slice copy',
        (key) => Uint8Array.prototype.slice.call(db.getBinaryFast(key), 0, VALUE_BYTES),
      ],
    ]
    for (const [name, read] of reads) {
      const key = Buffer.alloc(KEY_BYTES)
      const begun = performance.now()
      for (let i = 0; i < 200_000; i++) read(rowKey(key, (i * 7919) % ROWS))
      console.log(`   ${name.padEnd(40)} ${(((performance.now() - begun) * 1000) / 200_000).toFixed(2)} us`)
    }
    await db.close()
  }
  rmSync(directory, { recursive: true })
}
