import { expect, test } from 'vitest'
import { SeededRandom } from '../../runtime/seeded-random.ts'
import { entries, group, hardState, openTestLog, place, type TestLog } from '../testing/log-harness.ts'
import { MemoryDisk } from '../testing/memory-disk.ts'
import type { LogRecord, RecoveredGroup } from './log.ts'

/** What a log holds of one group: plainly right. */
interface Model {
  hardState: RecoveredGroup['hardState']
  base: RecoveredGroup['base']
  entries: RecoveredGroup['entries'][number][]
}

type State = ReadonlyMap<number, Model>

const GROUPS = 3
const empty: Model = { hardState: hardState(0, undefined, 0), base: place(0, 0), entries: [] }

function apply(state: State, record: LogRecord): State {
  const before = state.get(record.group) ?? empty
  const after: Model = { ...before, entries: [...before.entries] }
  if (record.hardState !== undefined) after.hardState = record.hardState
  if (record.reset !== undefined) {
    after.base = record.reset
    after.entries = []
  }
  const { compacted } = record
  if (compacted !== undefined && compacted.index > after.base.index) {
    after.base = compacted
    after.entries = after.entries.filter(({ index }) => index > compacted.index)
  }
  const first = record.entries?.[0]?.index
  if (first !== undefined)
    after.entries = [...after.entries.filter(({ index }) => index < first), ...record.entries!]
  return new Map(state).set(record.group, after)
}

function drawRecord(random: SeededRandom, state: State): LogRecord {
  const id = random.integer(1, GROUPS)
  const { base, entries: held, hardState: hard } = state.get(id) ?? empty
  const last = held.at(-1)?.index ?? base.index
  const kind = random.integer(0, 9)
  const inTerm = hard.term + (kind === 0 ? 1 : 0)
  if (kind === 1 && held.length > 0) {
    const until = held[random.integer(0, held.length - 1)]!
    return { group: group(id), compacted: { index: until.index, term: until.term } }
  }
  if (kind === 2 && random.next() < 0.2)
    return { group: group(id), reset: place(last + random.integer(1, 30), inTerm + 1) }
  const from = kind < 5 ? random.integer(base.index + 1, last + 1) : last + 1
  const count = random.integer(1, 4)
  return {
    group: group(id),
    hardState: kind === 0 ? hardState(inTerm, random.integer(1, 3), last) : undefined,
    entries: entries(from, from + count - 1, inTerm, random.integer(0, 700)),
  }
}

const plain = ({ groups }: Pick<TestLog, 'groups'>): State =>
  new Map(
    groups.map(({ group, hardState, base, entries }) => [group, { hardState, base, entries: [...entries] }]),
  )

const show = (state: State): string => {
  const sorted = [...state].filter(
    ([, model]) => model.hardState.term > 0 || model.base.index > 0 || model.entries.length > 0,
  )
  return JSON.stringify(
    sorted.sort(([a], [b]) => a - b),
    (_, value) => (value instanceof Uint8Array ? [...value] : value),
  )
}

test('whatever happens, recovery finds all that was acknowledged, and nothing but what was appended', async () => {
  for (let seed = 1; seed <= 120; seed++) {
    const random = new SeededRandom(seed)
    const disk = new MemoryDisk()
    let state: State = new Map()
    for (let life = 0; life < 6; life++) {
      const segmentBytes = seed % 2 === 0 ? 8192 : 4096
      const opened = await openTestLog(disk, { segmentBytes })
      expect(show(plain(opened)), `seed ${seed}, life ${life}`).toBe(show(state))
      /** The states that a crash may leave: from what was acknowledged on. */
      const history = [state]
      let acknowledged = 0
      const steps = random.integer(1, 60)
      for (let step = 0; step < steps; step++) {
        const record = drawRecord(random, state)
        state = apply(state, record)
        history.push(state)
        const number = history.length - 1
        const appended = opened.append(record).then(() => (acknowledged = number))
        if (random.next() < 0.7) await appended
      }
      for (let turn = random.integer(0, 3); turn > 0; turn--)
        await new Promise((resolve) => setImmediate(resolve))
      const least = acknowledged
      const keep = random.next()
      if (random.next() < 0.3) disk.killProcess()
      else disk.losePower(() => random.next() < keep)
      const found = show(plain(await openTestLog(disk, { segmentBytes })))
      const at = history.findIndex((candidate, number) => number >= least && show(candidate) === found)
      expect(
        at,
        `seed ${seed}, life ${life}: what was found is what stood after some append`,
      ).toBeGreaterThanOrEqual(0)
      state = history[at]!
      disk.losePower()
    }
  }
})
