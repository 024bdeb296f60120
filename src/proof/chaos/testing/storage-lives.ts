import { groupId, logIndex, nodeId, term } from '../../../foundation/ids.ts'
import type { Disk } from '../../../runtime/disk.ts'
import { SeededRandom } from '../../../runtime/seeded-random.ts'
import { claimDirectory } from '../../../storage/identity/claim-directory.ts'
import type { Log, LogRecord, RecoveredGroup } from '../../../storage/log/log.ts'
import { openLog } from '../../../storage/log/open-log.ts'
import { type Crash, CrashDisk } from './crash-disk.ts'

const GROUPS = 2
const LIVES = 5
const SEGMENT_BYTES = 8_192
const EARLY_STEPS = 12
const owner = { clusterId: 'crash', nodeId: nodeId(1) }

/** What is known of the log from outside: for each group the last index and term, and where it begins. */
type State = ReadonlyMap<number, { readonly base: number; readonly last: number; readonly text: string }>

interface Life {
  readonly steps: number
  readonly crash: Crash
}

export interface LivesReport {
  /** Where syncs were asked for. */
  readonly syncsSeen: ReadonlyMap<string, number>
  /** What was lost, or made the node refuse to start; undefined when nothing was. */
  readonly lost: string | undefined
  /** A batch that waited for the sync of bytes that were not its own. */
  readonly carried: string | undefined
}

/**
 * A node's storage through several lives on one disk: it takes its directory, recovers its log, says what it found, appends
 * for a while, and is killed or loses power at any step. In the next life everything must be there that was
 * acknowledged, or that an earlier life has found and may have answered with; and a directory that was taken is taken.
 */
export async function runLives(seed: number, removedSync?: string): Promise<LivesReport> {
  const random = new SeededRandom(seed)
  const crashes = new CrashDisk(random.fork('disk'))
  crashes.removedSync = removedSync
  const node = new StoredNode(random)
  const early = seed % 2 === 0 ? [] : firstLives((seed - 1) / 2)
  let lost: string | undefined
  for (let life = 0; life < LIVES && lost === undefined; life++) {
    const { steps, crash } = early[life] ?? drawLife(random)
    const { disk, ended } = crashes.begin(steps)
    lost = await Promise.race([ended.then(() => undefined), node.live(disk)])
    crashes.crash(crash)
  }
  const { syncsSeen, carried } = crashes
  return {
    syncsSeen,
    lost,
    carried: carried && `a batch in ${carried} waited for the sync of bytes that were not its own`,
  }
}

/** Killed early and then without power early: every pair of steps in turn, as a directory is made in few of them. */
const firstLives = (pair: number): readonly Life[] => [
  { steps: 1 + (pair % EARLY_STEPS), crash: 'kill' },
  { steps: 1 + (Math.floor(pair / EARLY_STEPS) % EARLY_STEPS), crash: 'power' },
]

/** Short lives end while they recover, long ones after the log has rolled. */
const drawLife = (random: SeededRandom): Life => ({
  steps: random.next() < 0.5 ? random.integer(1, 60) : random.integer(60, 600),
  crash: random.next() < 0.4 ? 'kill' : 'power',
})

class StoredNode {
  readonly #random: SeededRandom
  /** It has started once: from then on it must never be told that it forgot. */
  #hasStarted = false
  /** It was told once that the directory is its own. */
  #hasClaimed = false
  /** What the log may hold after each record that was issued; those before `#sure` are no longer possible. */
  #states: State[] = [new Map()]
  #sure = 0
  #salt = 0

  constructor(random: SeededRandom) {
    this.#random = random
  }

  /** Resolves with what went wrong, or once it has done its work; never when its disk ends before that. */
  async live(disk: Disk): Promise<string | undefined> {
    let failed: (problem: string) => void = () => {}
    const aborted = new Promise<string>((resolve) => (failed = resolve))
    if (this.#hasClaimed && !(await hasIdentity(disk))) return 'the directory that was its own is nobody’s'
    const opened = await new Promise<{ log: Log; groups: readonly RecoveredGroup[] } | Error>((resolve) => {
      claimDirectory({ disk, ...owner, initialize: !this.#hasStarted }, (refused) => {
        if (refused !== undefined) return resolve(refused)
        this.#hasClaimed = true
        openLog(
          {
            disk,
            clock: { monotonicMs: () => 0, wallMs: () => 0 },
            random: this.#random.fork(`log ${++this.#salt}`),
            abort: (reason) => failed(`the log stopped: ${reason.message}`),
            soon: queueMicrotask,
            directory: 'log',
            owner,
            segmentBytes: SEGMENT_BYTES,
          },
          (error, found) => resolve(found ?? error ?? new Error('neither a log nor an error')),
        )
      })
    })
    if (opened instanceof Error) return `refused to start: ${opened.message}`
    const problem = this.#recovered(opened.groups)
    if (problem !== undefined) return problem
    this.#hasStarted = true
    return await Promise.race([aborted, this.#work(opened.log)])
  }

  #recovered(groups: readonly RecoveredGroup[]): string | undefined {
    const found = new Map(groups.map((group) => [group.group as number, stateOf(group)]))
    const text = textOf(found)
    const at = this.#states.findLastIndex((state) => textOf(state) === text)
    if (at < this.#sure) {
      const expected = this.#states.slice(this.#sure).map(textOf)
      return `found the log at ${text}, expected ${expected[0]}${expected.length > 1 ? ` or later, up to ${expected.at(-1)}` : ''}`
    }
    this.#states = [this.#states[at]!]
    this.#sure = 0
    return undefined
  }

  async #work(log: Log): Promise<undefined> {
    for (let i = 0; i < 40; i++) {
      const burst = Array.from({ length: this.#random.integer(1, 3) }, () => this.#append(log))
      await Promise.all(burst)
    }
  }

  #append(log: Log): Promise<void> {
    const record = this.#draw()
    const place = this.#states.push(applied(this.#states.at(-1)!, record)) - 1
    return new Promise((resolve) =>
      log.append(record, () => {
        this.#sure = Math.max(this.#sure, place)
        resolve()
      }),
    )
  }

  #draw(): LogRecord {
    const group = this.#random.integer(1, GROUPS)
    const { base, last } = this.#states.at(-1)!.get(group) ?? { base: 0, last: 0 }
    const draw = this.#random.next()
    const inTerm = 1 + Math.floor(last / 20)
    if (draw < 0.2 && last > base) {
      const index = this.#random.integer(base + 1, last)
      return { group: groupId(group), compacted: { index: logIndex(index), term: term(1) } }
    }
    const first = draw < 0.3 && last > base ? this.#random.integer(base + 1, last) : last + 1
    const count = this.#random.integer(1, 3)
    return {
      group: groupId(group),
      hardState: { term: term(inTerm), vote: nodeId(1), commitIndex: logIndex(base) },
      entries: Array.from({ length: count }, (_, i) => ({
        index: logIndex(first + i),
        term: term(inTerm),
        kind: 'command',
        data: new Uint8Array(this.#random.integer(0, 1_200)).fill(first + i),
      })),
    }
  }
}

const hasIdentity = (disk: Disk): Promise<boolean> =>
  new Promise((resolve) => disk.open('identity', { create: false }, (error) => resolve(error === undefined)))

function applied(state: State, { group, compacted, entries }: LogRecord): State {
  const { base, last, text } = state.get(group) ?? { base: 0, last: 0, text: '' }
  const lengths = text === '' ? [] : text.split(',')
  const newBase = Math.max(base, compacted?.index ?? 0)
  const first = entries?.[0]?.index ?? last + 1
  const kept = lengths.slice(newBase - base, Math.max(0, first - 1 - base))
  const all = [...kept, ...(entries ?? []).map(({ data }) => String(data.length))]
  return new Map(state).set(group, { base: newBase, last: newBase + all.length, text: all.join(',') })
}

function stateOf({ base, entries }: RecoveredGroup): { base: number; last: number; text: string } {
  const last = entries.at(-1)?.index ?? base.index
  return { base: base.index, last, text: entries.map(({ data }) => data.length).join(',') }
}

const textOf = (state: State): string =>
  [...state]
    .sort(([a], [b]) => a - b)
    .map(([group, { base, last, text }]) => `group ${group}: ${base}…${last} (${text})`)
    .join('; ')
