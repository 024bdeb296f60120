import type { SeededRandom } from '../../runtime/seeded-random.ts'
import type { Simulation } from '../../runtime/simulated/simulation.ts'
import { BATCH_HEADER_BYTES, readBatch } from '../../storage/log/batch.ts'
import { readSegmentHeader, SECTOR_BYTES, segmentName, segmentSequence } from '../../storage/log/segment.ts'
import type { HardwarePlan } from './scenario.ts'
import type { SimulatedCluster, SimulatedNode } from './simulated-cluster.ts'

const DOWN_MS = { min: 50, max: 3_000 }

/**
 * What happens to machines rather than to processes: a disk that hangs without an error, a machine that comes back with
 * an empty disk, and a bit that flips under a log in the middle of what was synced. One machine at most loses data, so
 * that every acknowledged write survives elsewhere, as the protocol promises.
 */
export class Hardware {
  readonly counts = { hangs: 0, lostNodes: 0 }
  readonly #world: Simulation
  readonly #cluster: SimulatedCluster
  readonly #untilMs: number

  constructor(world: Simulation, cluster: SimulatedCluster, plan: HardwarePlan, untilMs: number) {
    this.#world = world
    this.#cluster = cluster
    this.#untilMs = untilMs
    const random = world.random.fork('hardware')
    const hang = random.fork('hang')
    const hangLater = (): void => {
      world.after(hang.between(0.5, 1.5) * plan.hangEveryMs, () => {
        if (world.nowMs >= untilMs) return
        this.#hang(hang, plan.hangForMs)
        hangLater()
      })
    }
    if (plan.hangEveryMs > 0) hangLater()
    this.#once(plan.wipeAtMs, random.fork('wipe'), (node) => this.#wipe(node))
    this.#once(plan.rotAtMs, random.fork('rot'), (node, draw) => rotLog(node, draw))
  }

  #hang(random: SeededRandom, forMs: { readonly min: number; readonly max: number }): void {
    const { alive } = this.#cluster
    const leaders = alive.filter(({ node }) => node?.groups[0]?.raft.role === 'leader')
    const node = random.pick(leaders.length > 0 && random.next() < 0.5 ? leaders : alive)
    const lengthMs = random.between(forMs.min, forMs.max)
    this.counts.hangs++
    this.#world.diskFaultStruck()
    this.#world.note(`${node.process.name}'s disk hangs`, node.process)
    node.process.disk.stall(lengthMs)
  }

  /** Stops one machine, does it, and starts the machine again. */
  #once(
    atMs: number,
    random: SeededRandom,
    strike: (node: SimulatedNode, random: SeededRandom) => boolean,
  ): void {
    if (atMs <= 0 || atMs >= this.#untilMs) return
    this.#world.after(atMs, () => {
      const node = random.pick(this.#cluster.alive)
      const downMs = random.between(DOWN_MS.min, DOWN_MS.max)
      if (!node.hasOpened || node.node === undefined) return
      node.process.crash()
      node.node = undefined
      if (strike(node, random)) {
        this.counts.lostNodes++
        this.#world.diskFaultStruck()
        node.lostItsData = true
        this.#world.note(`${node.process.name} lost its data`, node.process)
      }
      this.#world.after(downMs, () => {
        if (!node.process.isRunning && node.process.isDisturbed) node.process.restart()
      })
    })
  }

  #wipe(node: SimulatedNode): boolean {
    node.process.wipeDisk()
    node.tables.wipe()
    return true
  }
}

/** Flips a bit of a batch that was synced: another one follows it. False when the log is too short for that. */
function rotLog({ process: { disk } }: SimulatedNode, random: SeededRandom): boolean {
  const found: { readonly path: string; readonly at: number; readonly sizeBytes: number }[] = []
  const sequences = disk
    .list('log')
    .map(segmentSequence)
    .filter((sequence) => sequence !== undefined)
  for (const sequence of sequences.sort((left, right) => left - right)) {
    const path = `log/${segmentName(sequence)}`
    const bytes = disk.peek(path)
    if (bytes === undefined) continue
    const parsed = readSegmentHeader(bytes)
    if (parsed.kind !== 'valid') continue
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    for (let at = SECTOR_BYTES; ; ) {
      const batch = readBatch(bytes, view, at)
      if (batch === undefined || batch.salt !== parsed.header.salt || batch.offsetBytes !== at) break
      found.push({ path, at, sizeBytes: BATCH_HEADER_BYTES + batch.body.length })
      at = batch.endBytes
    }
  }
  // Of the newest segment only, and not its last: older ones may be given up already.
  const newest = found.filter(({ path }) => path === found.at(-1)!.path).slice(0, -1)
  if (newest.length === 0) return false
  const { path, at, sizeBytes } = random.pick(newest)
  disk.flipBit(path, at + random.integer(0, sizeBytes - 1), random.integer(0, 7))
  return true
}
