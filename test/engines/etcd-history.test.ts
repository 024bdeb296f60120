import { afterAll, beforeAll, describe, test } from 'vitest'
import { pause } from '../../src/fixture/wait-for.ts'
import { text, utf8 } from '../../src/foundation/bytes.ts'
import { DureError } from '../../src/foundation/errors.ts'
import type { ObservedOperation } from '../../src/ports/key-value/conformance/conformance-case.ts'
import type { KeyValueStore } from '../../src/ports/key-value/key-value-store.ts'
import { versionFromNumber } from '../../src/ports/key-value/version.ts'
import { checkObservedHistory } from '../../src/proof/conformance/check-observed-history.ts'
import { EtcdCluster, etcdPrograms, eventually, openStore, requireEtcd } from './etcd-cluster.ts'
import { TcpDoor } from './tcp-door.ts'

const CLIENTS = 6
const KEYS = 8
const DISTURBED_MS = 12_000

describe.runIf(requireEtcd())(
  'what clients of etcd see while everything goes wrong',
  { timeout: 120_000 },
  () => {
    const cluster = new EtcdCluster({ program: etcdPrograms[0]!, size: 3 })
    let doors: readonly TcpDoor[]
    const stores: KeyValueStore[] = []
    beforeAll(async () => {
      await cluster.start()
      doors = await Promise.all(cluster.endpoints.map(TcpDoor.before))
      for (let client = 0; client < CLIENTS; client++) {
        stores.push(await openStore(cluster, { endpoints: doors.map(({ endpoint }) => endpoint) }))
      }
    }, 60_000)
    afterAll(async () => {
      await Promise.all(stores.map((store) => store.close({ timeoutMs: 0 })))
      await Promise.all(doors.map((door) => door[Symbol.asyncDispose]()))
      await cluster[Symbol.asyncDispose]()
    })

    test('lost answers, late requests, a leader that is killed, members that stand still: it could come from one copy', async () => {
      const recorder = new Recorder()
      let isOver = false
      const clients = stores.map(async (store, client) => {
        for (let i = 0; !isOver; i++) {
          await recorder.act(store, client, i)
          await pause(10)
        }
      })
      // etcd-io/etcd#20418: a member that was paused may answer a strong read with an old value, in 3.4.20 and later 3.4.
      const mayPause = !/Version: 3\.4\.[2-9]\d/.test(cluster.version)
      const untilMs = performance.now() + DISTURBED_MS
      const late: Promise<void>[] = []
      for (let i = 0; performance.now() < untilMs; i++) {
        const door = doors[i % 3]!
        const fault = i % 5
        if (fault === 0 || fault === 2) {
          // Long enough for other attempts to have taken their place, and for others to have written since.
          const deliver = door.holdBack()
          late.push(pause(2_500).then(deliver))
        } else if (fault === 1) {
          door.swallowAnswers()
          await pause(300)
          door.answerAgain()
        } else if (fault === 3 && mayPause) {
          cluster.stop(i % 3)
          await pause(500)
          cluster.go(i % 3)
        } else if (i === 4) {
          await cluster.killLeader()
        }
        await pause(200)
      }
      await Promise.all(late)
      const count = (outcome: ObservedOperation['outcome']) =>
        recorder.history.filter((each) => each.outcome === outcome).length
      const isEnough = () => count('ok') >= 200 && count('comparison-failed') >= 5
      await eventually('clients saw enough', isEnough, 60_000)
      isOver = true
      await Promise.all(clients)

      checkObservedHistory(recorder.history)
    })
  },
)

/** Makes calls by a fixed plan and writes down what was seen. */
class Recorder {
  readonly history: ObservedOperation[] = []
  readonly #lastVersions = new Map<string, number>()
  #events = 0

  async act(store: KeyValueStore, client: number, time: number): Promise<void> {
    const plan = (client * 31 + time * 17) % 20
    const key = `key-${(client + time * 3) % KEYS}`
    const seen = this.#lastVersions.get(`${client} ${key}`)
    const value = `${client}.${time}`
    if (plan < 8) await this.#observe(store, client, key, 'get', undefined, undefined)
    else if (plan < 13) await this.#observe(store, client, key, 'put', value, undefined)
    else if (plan < 18) await this.#observe(store, client, key, 'put', value, seen)
    else await this.#observe(store, client, key, 'delete', undefined, plan < 19 ? seen : undefined)
  }

  async #observe(
    store: KeyValueStore,
    client: number,
    key: string,
    kind: ObservedOperation['kind'],
    written: string | undefined,
    ifVersion: number | undefined,
  ): Promise<void> {
    const call = this.#events++
    const compare = ifVersion === undefined ? {} : { ifVersion: versionFromNumber(ifVersion) }
    let value = written
    let version: number | undefined
    let outcome: ObservedOperation['outcome'] = 'ok'
    try {
      if (kind === 'get') {
        const stored = await store.get(utf8(key))
        value = stored.value && text(stored.value)
        version = stored.version
      } else if (kind === 'put') {
        version = (await store.put(utf8(key), utf8(written!), compare)).version
      } else {
        await store.delete(utf8(key), compare)
      }
      if (version !== undefined) this.#lastVersions.set(`${client} ${key}`, version)
    } catch (error) {
      if (!(error instanceof DureError)) throw error
      outcome = error.code === 'comparison-failed' ? 'comparison-failed' : error.outcome
    }
    this.history.push({ client, call, return: this.#events++, key, kind, value, ifVersion, version, outcome })
  }
}
