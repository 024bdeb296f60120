import { Client } from '../../../engines/client/client.ts'
import { RemoteTransport } from '../../../engines/remote/remote-transport.ts'
import { text, utf8 } from '../../../foundation/bytes.ts'
import type { Version } from '../../../ports/key-value/version.ts'
import type { Runtime } from '../../../runtime/runtime.ts'
import type { Simulation } from '../../../runtime/simulated/simulation.ts'
import { HistoryRecorder } from '../../verify/history/history-recorder.ts'
import { checkLinearizable } from '../../verify/linearizability/check-linearizable.ts'
import {
  type KeyValueInput,
  type KeyValueOutput,
  keyValueModel,
} from '../../verify/linearizability/key-value-model.ts'
import { AppliedOnce } from '../invariants/applied-once.ts'
import type { Scenario } from '../scenario.ts'
import type { LoadVerdict, SeedLoad } from './seed-load.ts'
import { settleUnknown } from './settle-unknown.ts'
import { keyName, StandingClient } from './standing-client.ts'
import { startAt } from './start-at.ts'

const CALL_TIMEOUT_MS = 3_000

/** The load of the standing check: clients with callbacks that do a bit of everything, each key linearizable. */
export class StandingLoad implements SeedLoad {
  readonly clients: StandingClient[] = []
  readonly invariants: readonly [AppliedOnce] = [new AppliedOnce()]
  readonly endWithinMs = 30_000
  readonly #world: Simulation
  readonly #scenario: Scenario
  readonly #acknowledged: (version: Version) => void
  readonly #recorder = new HistoryRecorder<KeyValueInput, KeyValueOutput>()
  #addresses: readonly string[] = []
  #isRead = false

  /** `acknowledged` is told the version of every write that was. */
  constructor(world: Simulation, scenario: Scenario, acknowledged: (version: Version) => void) {
    this.#world = world
    this.#scenario = scenario
    this.#acknowledged = acknowledged
  }

  get calls(): number {
    return this.#recorder.size
  }

  get answered(): number {
    return this.clients.reduce((sum, { completed }) => sum + completed, 0)
  }

  get isOver(): boolean {
    return this.#isRead
  }

  start(addresses: readonly string[]): void {
    this.#addresses = addresses
    const { clientCount, hasPinnedClients, keyCount, thinkMs } = this.#scenario
    for (let i = 0; i < clientCount; i++) {
      this.#world.spawn(`client ${i}`, { promises: false }).start((runtime) => {
        const pinned = hasPinnedClients && i % 2 === 0
        const transport = new RemoteTransport(runtime, startAt(addresses, i), { pinned })
        const client = new StandingClient(i, runtime, new Client(runtime, transport), this.#recorder, {
          ...{ keyCount, thinkMs, timeoutMs: CALL_TIMEOUT_MS, acknowledged: this.#acknowledged },
        })
        this.clients.push(client)
        client.start()
      })
    }
  }

  end(): void {
    for (const client of this.clients) client.stop()
    this.#world.spawn('reader', { promises: false }).start((runtime) => this.#readAll(runtime))
  }

  judge(): LoadVerdict {
    const history = settleUnknown(this.#recorder.history(), this.invariants[0])
    const result = checkLinearizable(history, keyValueModel)
    switch (result.verdict) {
      case 'valid':
        return { verdict: 'valid' }
      case 'unknown':
        return { verdict: 'unknown', summary: `the history of key ${result.key} was too hard to check` }
      case 'invalid':
        return {
          verdict: 'invalid',
          broken: 'linearizability',
          summary: `key ${result.key}\n${result.witness.text}`,
        }
    }
  }

  /** What is there at the end, for the history: an acknowledged write that was lost shows here at the latest. */
  #readAll(runtime: Runtime): void {
    const client = new Client(runtime, new RemoteTransport(runtime, this.#addresses))
    const read = (i: number): void => {
      if (i === this.#scenario.keyCount) {
        this.#isRead = true
        return
      }
      const key = keyName(i)
      const operation = this.#recorder.start(-1, { kind: 'get', key })
      client.get(utf8(key), 'strong', CALL_TIMEOUT_MS, (_error, stored) => {
        if (stored === undefined) {
          operation.fail()
          return read(i)
        }
        const value = stored.exists ? text(stored.value) : undefined
        operation.complete({ kind: 'value', value, version: stored.version })
        read(i + 1)
      })
    }
    read(0)
  }
}
