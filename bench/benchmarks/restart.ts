import { pause, waitFor } from '../../src/fixture/wait-for.ts'
import { availableContenders } from '../contenders/available.ts'
import type { Contender } from '../contenders/contender.ts'
import { keyOf } from '../load/keys.ts'
import type { LoadResult } from '../load/load.ts'
import { LoadGenerator } from '../load/load-generator.ts'
import { formatNumber, formatTable } from '../report/table.ts'
import type { Report, Settings } from './benchmark.ts'

const KEYS = { full: 1_000_000, normal: 1_000_000, quick: 50_000 } as const
const IN_FLIGHT = 1_000
const FILL_TIMEOUT_MS = 300_000
const LOG_TIMEOUT_MS = 60_000
/** The log grows to its threshold and is cut there: this share of the largest size seen counts as "at the threshold". */
const THRESHOLD_SHARE = 0.9
const TOP_UP_MS = 200
const SAMPLE_INTERVAL_MS = 100
const READ_TIMEOUT_MS = 120_000

interface Restart {
  readonly contender: string
  readonly keys: number
  readonly fillSeconds: number
  /** Of the killed node, when it died; undefined when it does not tell. */
  readonly logBytes: number | undefined
  readonly killToStrongReadMs: number
  readonly killToCaughtUpMs: number
}

/**
 * One node holds a million keys and a log as long as it ever gets; `kill -9`, start, and the time from the kill to the
 * first linearizable read that this very node answers, and to having applied what the leader had committed.
 */
export async function restart(settings: Settings): Promise<Report> {
  const found: Restart[] = []
  for (const contender of availableContenders(settings)) {
    await using cleanup = new AsyncDisposableStack()
    cleanup.defer(() => contender.stop())
    await contender.start()
    found.push(await fillAndKill(contender, KEYS[settings.mode], settings))
  }
  return { benchmark: 'restart', data: found, text: format(found) }
}

async function fillAndKill(contender: Contender, keys: number, settings: Settings): Promise<Restart> {
  const { node: leader } = await contender.leader()
  const victim = leader === 0 ? 1 : 0
  const { fillSeconds, logBytes } = await fillToThreshold(contender, victim, keys, settings)

  const killedMs = performance.now()
  contender.kill(victim)
  await contender.restart(victim)
  await waitFor(`a strong read of the restarted node of ${contender.name}`, READ_TIMEOUT_MS, async () =>
    (await contender.readFrom(victim, keyOf(keys - 1))) ? true : undefined,
  )
  const killToStrongReadMs = performance.now() - killedMs
  await contender.caughtUp(victim)
  const killToCaughtUpMs = performance.now() - killedMs
  return { contender: contender.name, keys, fillSeconds, logBytes, killToStrongReadMs, killToCaughtUpMs }
}

/** Writes all keys, then goes on writing until the log of the node is nearly as long as it was at its longest. */
async function fillToThreshold(
  contender: Contender,
  node: number,
  keys: number,
  settings: Settings,
): Promise<{ fillSeconds: number; logBytes: number | undefined }> {
  await using generator = await LoadGenerator.start(contender)
  const base = { inFlight: IN_FLIGHT, warmUpMs: 0, operationsMax: keys, keys, seed: 1 } as const
  const longest = watchLog(contender, node)
  const filled: LoadResult = await generator.run({ ...base, operation: 'fill', measureMs: FILL_TIMEOUT_MS })
  const longestBytes = await longest.stop()
  if (filled.operations < keys) {
    throw new Error(
      `${contender.name} took ${filled.operations} of ${keys} keys; first error: ${filled.firstError}`,
    )
  }
  settings.progress(`${contender.name}: ${keys} keys in ${formatNumber(filled.measuredMs / 1_000)} s`)
  const deadline = performance.now() + LOG_TIMEOUT_MS
  let logBytes = await contender.logBytes(node)
  while (
    logBytes !== undefined &&
    logBytes < longestBytes * THRESHOLD_SHARE &&
    performance.now() < deadline
  ) {
    await generator.run({ ...base, operation: 'put', measureMs: TOP_UP_MS })
    logBytes = await contender.logBytes(node)
  }
  await contender.caughtUp(node)
  return { fillSeconds: filled.measuredMs / 1_000, logBytes }
}

/** Looks at the size of a node's log now and then; `stop` answers with the largest seen. */
function watchLog(contender: Contender, node: number): { stop(): Promise<number> } {
  let isRunning = true
  let largest = 0
  const watching = (async () => {
    while (isRunning) {
      // Under full load a status may time out: the next sample will do.
      const bytes = await contender.logBytes(node).catch(() => 0)
      largest = Math.max(largest, bytes ?? 0)
      await pause(SAMPLE_INTERVAL_MS)
    }
  })()
  return {
    stop: async () => {
      isRunning = false
      await watching
      return largest
    },
  }
}

const format = (found: readonly Restart[]): string =>
  formatTable(
    [
      { title: 'store', align: 'left' },
      { title: 'keys', align: 'right' },
      { title: 'filled in s', align: 'right' },
      { title: 'log MB', align: 'right' },
      { title: 'kill to strong read ms', align: 'right' },
      { title: 'kill to caught up ms', align: 'right' },
    ],
    found.map((each) => [
      each.contender,
      formatNumber(each.keys),
      formatNumber(each.fillSeconds),
      each.logBytes === undefined ? '–' : formatNumber(each.logBytes / 1e6),
      formatNumber(each.killToStrongReadMs),
      formatNumber(each.killToCaughtUpMs),
    ]),
  )
