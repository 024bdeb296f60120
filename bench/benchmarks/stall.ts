import { join } from 'node:path'
import { pause } from '../../src/fixture/wait-for.ts'
import { DureContender } from '../contenders/dure/dure-contender.ts'
import type { LoadResult } from '../load/load.ts'
import { LoadGenerator } from '../load/load-generator.ts'
import { formatNumber, formatTable } from '../report/table.ts'
import { CannotRun, type Report, type Settings } from './benchmark.ts'

const SECONDS = { full: 600, normal: 60, quick: 10 } as const
const NODES = 3
const IN_FLIGHT = 256
const KEYS = 100_000
const STALL_MS = 500
const STALL_EVERY_MS = 2_000

interface Stall {
  readonly seconds: number
  readonly stalls: number
  /** Terms that began during the load: 0 is the goal. */
  readonly elections: number
  readonly load: LoadResult
}

/**
 * Saturation while the disk of one node after the other, the leader's among them, takes 500 ms for a sync. A slow disk
 * is no reason for an election. Dure alone: the stall is a fault of the node's own disk, which etcd does not have.
 */
export async function stall(settings: Settings): Promise<Report> {
  await using cleanup = new AsyncDisposableStack()
  const contender = new DureContender({ directory: join(settings.directory, 'dure'), allowFaults: true })
  cleanup.defer(() => contender.stop())
  await contender.start()
  for (let node = 0; node < NODES; node++) await requireStalls(contender, node)
  const generator = cleanup.use(await LoadGenerator.start(contender))

  const seconds = settings.seconds ?? SECONDS[settings.mode]
  const before = await contender.leader()
  const stalling = stallInTurn(contender, seconds * 1_000)
  const [load, stalls] = await Promise.all([
    generator.run({
      operation: 'put',
      inFlight: IN_FLIGHT,
      warmUpMs: 0,
      measureMs: seconds * 1_000,
      operationsMax: Number.MAX_SAFE_INTEGER,
      keys: KEYS,
      seed: 1,
    }),
    stalling,
  ])
  const after = await contender.leader()
  const found: Stall = { seconds, stalls, elections: after.term - before.term, load }
  return { benchmark: 'stall', data: found, text: format(found) }
}

async function requireStalls(contender: DureContender, node: number): Promise<void> {
  if (await contender.stallDisk(node, 0)) return
  throw new CannotRun(
    'asked a node to stall its disk with POST /v1/faults {"disk_stall_ms":0} and it refused: this benchmark needs a ' +
      'server that knows `disk_stall_ms`, the time by which each sync of its disk is held back',
  )
}

/** One stall every two seconds, at each node in turn; answers with their number. */
async function stallInTurn(contender: DureContender, forMs: number): Promise<number> {
  const deadline = performance.now() + forMs
  let stalls = 0
  while (performance.now() + STALL_EVERY_MS < deadline) {
    const node = stalls % NODES
    await pause(STALL_EVERY_MS - STALL_MS)
    await contender.stallDisk(node, STALL_MS)
    await pause(STALL_MS)
    await contender.stallDisk(node, 0)
    stalls++
  }
  return stalls
}

const format = ({ seconds, stalls, elections, load }: Stall): string =>
  formatTable(
    [
      { title: 'seconds', align: 'right' },
      { title: 'stalls', align: 'right' },
      { title: 'elections', align: 'right' },
      { title: 'writes per second', align: 'right' },
      { title: 'p50 ms', align: 'right' },
      { title: 'p99 ms', align: 'right' },
      { title: 'slowest ms', align: 'right' },
      { title: 'errors', align: 'right' },
    ],
    [
      [
        seconds,
        stalls,
        elections,
        load.operationsPerSecond,
        load.p50Ms,
        load.p99Ms,
        load.maximumMs,
        load.errors,
      ].map(formatNumber),
    ],
  )
