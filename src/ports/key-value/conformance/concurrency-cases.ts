import { text, utf8 } from '../../../foundation/bytes.ts'
import { DureError } from '../../../foundation/errors.ts'
import type { KeyValueStore } from '../key-value-store.ts'
import { versionFromNumber } from '../version.ts'
import {
  type ConformanceCase,
  type ConformanceContext,
  expectEqual,
  expectTrue,
  type ObservedOperation,
  withStore,
} from './conformance-case.ts'

const CLIENTS = 8

export const concurrencyCases: readonly ConformanceCase[] = [
  {
    name: 'concurrent increments by compare-and-set lose nothing',
    guarantee: 'put: linearizable',
    run: (context) =>
      withClients(context, async (stores) => {
        const key = utf8(`${context.prefix}counter`)
        const incrementsEach = 10
        await Promise.all(stores.map((store) => repeat(incrementsEach, () => increment(store, key))))
        const { value } = await stores[0]!.get(key)
        expectEqual(value && text(value), `${stores.length * incrementsEach}`, 'the counter')
      }),
  },
  {
    name: 'concurrent transfers by commit keep the sum',
    guarantee: 'commit: linearizable',
    run: (context) =>
      withClients(context, async (stores) => {
        const keys = ['x', 'y', 'z'].map((name) => utf8(context.prefix + name))
        await stores[0]!.commit({ operations: keys.map((key) => ({ kind: 'put', key, value: utf8('100') })) })
        await Promise.all(
          stores.map((store, client) =>
            repeat(5, (i) =>
              transfer(store, keys[(client + i) % 3]!, keys[(client + i + 1) % 3]!, 1 + client),
            ),
          ),
        )
        let sum = 0
        for (const key of keys) sum += Number(text((await stores[0]!.get(key)).value!))
        expectEqual(sum, 300, 'the sum')
      }),
  },
  {
    name: 'of concurrent creations of one key one succeeds',
    guarantee: 'put: ifVersion absent',
    run: (context) =>
      withClients(context, async (stores) => {
        const key = utf8(`${context.prefix}once`)
        const results = await Promise.allSettled(
          stores.map((store, client) =>
            store.put(key, utf8(`${client}`), { ifVersion: versionFromNumber(0) }),
          ),
        )
        const winners = results.flatMap((result, client) => (result.status === 'fulfilled' ? [client] : []))
        expectEqual(winners.length, 1, 'the number of creations')
        expectEqual(text((await stores[0]!.get(key)).value!), `${winners[0]}`, 'the value')
      }),
  },
  {
    name: 'what concurrent clients see could come from one copy',
    guarantee: 'get, put, delete: linearizable',
    run: (context) =>
      withClients(context, async (stores) => {
        const observer = new Observer(context)
        await Promise.all(stores.map((store, client) => repeat(25, (i) => observer.act(store, client, i))))
        expectTrue(observer.history.length === stores.length * 25, 'every call ended')
        context.checkHistory?.(observer.history)
      }),
  },
]

async function withClients(
  context: ConformanceContext,
  use: (stores: readonly KeyValueStore[]) => Promise<void>,
  opened: readonly KeyValueStore[] = [],
): Promise<void> {
  if (opened.length === CLIENTS) return use(opened)
  await withStore(context, (store) => withClients(context, use, [...opened, store]))
}

async function repeat(times: number, act: (time: number) => Promise<void>): Promise<void> {
  for (let i = 0; i < times; i++) await act(i)
}

async function increment(store: KeyValueStore, key: Uint8Array): Promise<void> {
  for (;;) {
    const { value, version } = await store.get(key)
    const next = value === undefined ? 1 : Number(text(value)) + 1
    try {
      await store.put(key, utf8(`${next}`), { ifVersion: version })
      return
    } catch (error) {
      if (!(error instanceof DureError) || error.code !== 'comparison-failed') throw error
    }
  }
}

async function transfer(
  store: KeyValueStore,
  from: Uint8Array,
  to: Uint8Array,
  amount: number,
): Promise<void> {
  for (;;) {
    const source = await store.get(from)
    const target = await store.get(to)
    const result = await store.commit({
      comparisons: [
        { key: from, version: source.version },
        { key: to, version: target.version },
      ],
      operations: [
        { kind: 'put', key: from, value: utf8(`${Number(text(source.value!)) - amount}`) },
        { kind: 'put', key: to, value: utf8(`${Number(text(target.value!)) + amount}`) },
      ],
    })
    if (result.committed) return
  }
}

/** Makes calls on a few keys, by a fixed plan, and writes down what was seen. */
class Observer {
  readonly history: ObservedOperation[] = []
  readonly #context: ConformanceContext
  readonly #lastVersions = new Map<string, number>()
  #events = 0

  constructor(context: ConformanceContext) {
    this.#context = context
  }

  async act(store: KeyValueStore, client: number, time: number): Promise<void> {
    const plan = (client * 31 + time * 17) % 20
    const key = `key-${(client + time) % 3}`
    const seen = this.#lastVersions.get(`${client} ${key}`)
    if (plan < 9) await this.#observe(store, client, key, 'get', undefined, undefined)
    else if (plan < 14) await this.#observe(store, client, key, 'put', `${client}.${time}`, undefined)
    else if (plan < 18) await this.#observe(store, client, key, 'put', `${client}.${time}`, seen)
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
    const bytes = utf8(this.#context.prefix + key)
    const options = ifVersion === undefined ? {} : { ifVersion: versionFromNumber(ifVersion) }
    let value = written
    let version: number | undefined
    let outcome: ObservedOperation['outcome'] = 'ok'
    try {
      if (kind === 'get') {
        const stored = await store.get(bytes)
        value = stored.value && text(stored.value)
        version = stored.version
      } else if (kind === 'put') {
        version = (await store.put(bytes, utf8(written!), options)).version
      } else {
        await store.delete(bytes, options)
      }
      if (version !== undefined) this.#lastVersions.set(`${client} ${key}`, version)
    } catch (error) {
      if (!(error instanceof DureError)) throw error
      outcome = error.code === 'comparison-failed' ? 'comparison-failed' : error.outcome
    }
    this.history.push({ client, call, return: this.#events++, key, kind, value, ifVersion, version, outcome })
  }
}
