import { availableContenders } from '../contenders/available.ts'
import type { Contender } from '../contenders/contender.ts'
import { drawValues, keyOf } from '../load/keys.ts'
import { median } from '../measurement/median.ts'
import { formatNumber, formatTable } from '../report/table.ts'
import type { Report, Settings } from './benchmark.ts'

const KILLS = { full: 20, normal: 20, quick: 3 } as const
const ACKNOWLEDGED_TIMEOUT_MS = 30_000
const VALUE = drawValues(1, 1)[0]!

interface Failover {
  readonly contender: string
  readonly kills: number
  readonly medianMs: number
  readonly fastestMs: number
  readonly slowestMs: number
  /** In order. */
  readonly eachMs: readonly number[]
}

/**
 * `kill -9` of the leader, then a write by a client that retries: the time from the kill to its acknowledgement. The
 * write begins right after the kill, so nobody but a new leader can acknowledge it. The node is started again and has
 * caught up before the next kill.
 */
export async function failover(settings: Settings): Promise<Report> {
  const found: Failover[] = []
  for (const contender of availableContenders(settings)) {
    await using cleanup = new AsyncDisposableStack()
    cleanup.defer(() => contender.stop())
    await contender.start()
    found.push(await killLeaders(contender, settings.rounds ?? KILLS[settings.mode], settings))
  }
  return { benchmark: 'failover', data: found, text: format(found) }
}

async function killLeaders(contender: Contender, kills: number, settings: Settings): Promise<Failover> {
  await using cleanup = new AsyncDisposableStack()
  const client = await contender.connectRetrying()
  cleanup.defer(() => client.close())
  const eachMs: number[] = []
  for (let kill = 0; kill < kills; kill++) {
    await client.put(keyOf(0), VALUE, ACKNOWLEDGED_TIMEOUT_MS)
    const before = await contender.leader()
    const killedMs = performance.now()
    contender.kill(before.node)
    await client.put(keyOf(kill + 1), VALUE, ACKNOWLEDGED_TIMEOUT_MS)
    const tookMs = performance.now() - killedMs
    const after = await contender.leader()
    if (after.term <= before.term) throw new Error(`the leader was killed and term ${before.term} went on`)
    eachMs.push(tookMs)
    settings.progress(`${contender.name}, kill ${kill + 1} of ${kills}: ${formatNumber(tookMs)} ms`)
    await contender.restart(before.node)
    await contender.caughtUp(before.node)
  }
  return {
    contender: contender.name,
    kills,
    medianMs: median(eachMs),
    fastestMs: Math.min(...eachMs),
    slowestMs: Math.max(...eachMs),
    eachMs,
  }
}

const format = (found: readonly Failover[]): string =>
  formatTable(
    [
      { title: 'store', align: 'left' },
      { title: 'kills', align: 'right' },
      { title: 'median ms', align: 'right' },
      { title: 'fastest ms', align: 'right' },
      { title: 'slowest ms', align: 'right' },
    ],
    found.map(({ contender, kills, medianMs, fastestMs, slowestMs }) => [
      contender,
      String(kills),
      ...[medianMs, fastestMs, slowestMs].map(formatNumber),
    ]),
  )
