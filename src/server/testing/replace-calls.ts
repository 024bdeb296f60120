import type { KeyValueStore } from '../../ports/key-value/key-value-store.ts'

/** A store with some of its calls replaced; the others go to it. For stores that are slow, broken or watched. */
export function replaceCalls(store: KeyValueStore, calls: Partial<KeyValueStore>): KeyValueStore {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(Object.hasOwn(calls, name) ? calls : target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
