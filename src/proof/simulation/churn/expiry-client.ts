import { Client, type ClientTransaction } from '../../../engines/client/client.ts'
import type { GrantedLease } from '../../../engines/client/kept-lease.ts'
import { RemoteTransport } from '../../../engines/remote/remote-transport.ts'
import { text, utf8 } from '../../../foundation/bytes.ts'
import type { DureError } from '../../../foundation/errors.ts'
import type { Runtime } from '../../../runtime/runtime.ts'
import type { SeededRandom } from '../../../runtime/seeded-random.ts'
import type { SimulatedProcess } from '../../../runtime/simulated/simulated-process.ts'
import type { Simulation } from '../../../runtime/simulated/simulation.ts'
import type { CommandOperation } from '../../../wire/command/command.ts'
import type { CommittedChanges } from '../invariants/committed-changes.ts'
import { BrokenInvariant } from '../invariants/invariant.ts'
import type { HeldLease, KeptLeases } from '../invariants/kept-leases.ts'
import type { Acknowledged } from './acknowledged.ts'

/** What goes by itself, and how often its holders are disturbed; 0 for never. */
export interface ExpiryPlan {
  readonly clientCount: number
  readonly thinkMs: number
  readonly pauseEveryMs: number
  readonly crashEveryMs: number
  /** What nodes answer comes late. */
  readonly clogEveryMs: number
}

export const EXPIRY_PREFIX = 'x'
const KEYS = 6
const CALL_TIMEOUT_MS = 3_000
/** A time to live is a multiple of this and a number that tells calls apart. */
const TTL_UNIT_MS = 512
export const EXPIRY_TTL_MS_MAX = 7 * TTL_UNIT_MS
const DOWN_MS_MAX = 3_000
/** Of a write without a lease: it names one that was given up. */
const CARELESS_PROBABILITY = 0.2

/** Lets every call for a lease ask for another time, so that grants can be told apart. */
export class LeaseTimes {
  #calls = 0

  next(random: { integer(min: number, max: number): number }): number {
    return TTL_UNIT_MS * random.integer(1, 6) + (this.#calls++ % TTL_UNIT_MS)
  }
}

export interface ExpiryParts {
  readonly addresses: readonly string[]
  readonly truth: CommittedChanges
  readonly leases: KeptLeases
  readonly acknowledged: Acknowledged
  readonly times: LeaseTimes
}

/**
 * A process that takes leases, keeps them, writes with them and with times to live, reads, and releases or forgets them;
 * paused and crashed now and then while it holds one. Reads are held against what was committed, in the order of the log.
 */
export class ExpiryClient {
  completed = 0
  readonly #world: Simulation
  readonly #process: SimulatedProcess
  readonly #parts: ExpiryParts
  readonly #plan: ExpiryPlan
  readonly #random: SeededRandom
  readonly #untilMs: number
  #values = 0
  #isStopped = false

  constructor(world: Simulation, name: string, parts: ExpiryParts, plan: ExpiryPlan, untilMs: number) {
    this.#world = world
    this.#process = world.spawn(name, { promises: false })
    this.#parts = parts
    this.#plan = plan
    this.#random = world.random.fork(name)
    this.#untilMs = untilMs
    this.#process.start((runtime) => new Life(runtime, this).begin())
    this.#repeat(plan.pauseEveryMs, (random) => this.#pause(random))
    this.#repeat(plan.crashEveryMs, (random) => this.#crash(random))
    this.#repeat(plan.clogEveryMs, (random) => this.#clog(random))
  }

  get name(): string {
    return this.#process.name
  }

  get parts(): ExpiryParts {
    return this.#parts
  }

  get plan(): ExpiryPlan {
    return this.#plan
  }

  hold(granted: GrantedLease, client: Client, before: number): HeldLease {
    const process = this.#process
    const kept = client.keeper.keep(granted, () => (held.isLost = true))
    const held: HeldLease = {
      kept,
      process,
      incarnation: process.incarnations,
      isLost: false,
      isLetGo: false,
    }
    this.#parts.leases.taken(held, granted.token, before)
    return held
  }

  nextValue(): string {
    return `${this.#process.name}.${++this.#values}`
  }

  broken(invariant: string, message: string): BrokenInvariant {
    return new BrokenInvariant(invariant, `${this.#process.name} ${message}`)
  }

  /** For good, without a word: what it held is left behind. */
  end(): void {
    this.#isStopped = true
    this.#process.crash()
  }

  #repeat(everyMs: number, act: (random: SeededRandom) => void): void {
    if (everyMs <= 0) return
    const next = (): void => {
      this.#world.after(this.#random.between(0.5, 1.5) * everyMs, () => {
        if (this.#isStopped || this.#world.nowMs >= this.#untilMs) return
        act(this.#random)
        next()
      })
    }
    next()
  }

  #pause(random: SeededRandom): void {
    const forMs = random.between(0.2, 2) * (EXPIRY_TTL_MS_MAX / 2)
    this.#process.pause()
    this.#world.after(forMs, () => this.#process.resume())
  }

  #clog(random: SeededRandom): void {
    const forMs = random.between(0.1, 1.5) * (EXPIRY_TTL_MS_MAX / 2)
    for (const member of this.#world.processes) {
      if (member.nodeId !== 0) this.#world.network.clog(member, this.#process, forMs)
    }
  }

  #crash(random: SeededRandom): void {
    const forMs = DOWN_MS_MAX * random.next()
    this.#process.crash()
    this.#world.after(forMs, () => {
      if (!this.#process.isRunning && !this.#isStopped) this.#process.restart()
    })
  }
}

/** From one start of its process to its end. */
class Life {
  readonly #owner: ExpiryClient
  readonly #runtime: Runtime
  readonly #client: Client
  #held: HeldLease | undefined
  /** One that it had before: some of its writes name that, and must be refused. */
  #former: HeldLease | undefined

  constructor(runtime: Runtime, owner: ExpiryClient) {
    this.#owner = owner
    this.#runtime = runtime
    this.#client = new Client(runtime, new RemoteTransport(runtime, owner.parts.addresses))
  }

  begin(): void {
    this.#runtime.timer(this.#owner.plan.thinkMs * 2 * this.#runtime.random.next(), () => this.#next())
  }

  #next(): void {
    const { random } = this.#runtime
    if (this.#held?.isLost) this.#leave(this.#held)
    const dice = random.next()
    if (dice < 0.35) this.#get(this.#key())
    else if (this.#held === undefined && dice < 0.6) this.#grant()
    else if (this.#held !== undefined && dice < 0.42) this.#letGo(this.#held)
    else this.#write(this.#held ?? (random.next() < CARELESS_PROBABILITY ? this.#former : undefined))
  }

  #leave(held: HeldLease): void {
    this.#former = held
    this.#held = undefined
  }

  #done(): void {
    this.#owner.completed++
    this.begin()
  }

  #get(key: string): void {
    const { truth, acknowledged } = this.#owner.parts
    const from = acknowledged.index
    this.#client.get(utf8(key), 'strong', CALL_TIMEOUT_MS, (_error, stored) => {
      if (stored === undefined) return this.begin()
      if (!truth.wasThere(key, stored.version, from, truth.newestIndex)) {
        const found = stored.exists ? `${text(stored.value)} of version ${stored.version}` : 'nothing'
        throw this.#owner.broken(
          'a strong read sees the state after some entry between its call and its answer',
          `read ${found} at ${key}, which it was at no time from entry ${from} to ${truth.newestIndex}`,
        )
      }
      this.#done()
    })
  }

  #grant(): void {
    const { leases, times } = this.#owner.parts
    const before = leases.newestToken
    this.#client.leases.grant(times.next(this.#runtime.random), CALL_TIMEOUT_MS, (error, granted) => {
      if (granted === undefined) return this.#failed(error!)
      this.#held = this.#owner.hold(granted, this.#client, before)
      this.#done()
    })
  }

  #letGo(held: HeldLease): void {
    held.isLetGo = true
    this.#leave(held)
    this.#client.keeper.drop(held.kept)
    // Some are forgotten, and run out.
    if (this.#runtime.random.next() < 0.3) return this.#done()
    this.#client.leases.end(held.kept.id, CALL_TIMEOUT_MS, (error) => {
      if (error === undefined) this.#done()
      else this.#failed(error)
    })
  }

  #write(held: HeldLease | undefined): void {
    const { acknowledged, leases } = this.#owner.parts
    const operations = this.#operations(held)
    // A holder looks at its own clock first: a process that was paused gets here before its timers do.
    const isOver =
      held !== undefined && held === this.#held && this.#runtime.clock.monotonicMs() >= held.kept.aliveUntilMs
    if (isOver && operations.some((operation) => operation.kind === 'put' && operation.lease !== undefined))
      return this.begin()
    for (const operation of operations) {
      if (operation.kind === 'put' && operation.ttlMs !== undefined)
        leases.put(text(operation.value), operation.ttlMs)
    }
    const before = acknowledged.index
    const transaction: ClientTransaction = { operations }
    this.#client.commit(transaction, CALL_TIMEOUT_MS, (error, result) => {
      if (error?.code === 'lease-lost' && held !== undefined && !held.isLetGo && !held.isLost) {
        const leftMs = held.kept.aliveUntilMs - this.#runtime.clock.monotonicMs()
        if (leftMs > 0) {
          const message = `was refused a put with lease ${held.kept.id} ${leftMs} ms before that is over`
          throw this.#owner.broken('a lease outlives what its holder believes', message)
        }
      }
      if (result === undefined) return this.#failed(error!)
      if (result.committed) {
        if (result.version <= before) {
          const message = `wrote at ${result.version} after ${before} was acknowledged`
          throw this.#owner.broken('a write comes after what was acknowledged before it', message)
        }
        acknowledged.write(result.version)
      }
      this.#done()
    })
  }

  #failed(error: DureError): void {
    // The lease ran out, and its holder goes on with another one.
    if (error.code === 'lease-lost') this.#done()
    else this.begin()
  }

  #operations(held: HeldLease | undefined): readonly CommandOperation[] {
    const { random } = this.#runtime
    const count = random.next() < 0.7 ? 1 : random.integer(2, 4)
    const keys = new Set(Array.from({ length: count }, () => this.#key()))
    return Array.from(keys, (name): CommandOperation => {
      const key = utf8(name)
      const dice = random.next()
      if (dice < 0.1) return { kind: 'delete', key }
      const put = { kind: 'put', key, value: utf8(this.#owner.nextValue()) } as const
      if (dice < 0.2) return put
      if (dice < 0.6 && held !== undefined) return { ...put, lease: held.kept.id }
      return { ...put, ttlMs: random.integer(100, EXPIRY_TTL_MS_MAX) }
    })
  }

  #key(): string {
    return `${EXPIRY_PREFIX}${this.#runtime.random.integer(0, KEYS - 1)}`
  }
}
