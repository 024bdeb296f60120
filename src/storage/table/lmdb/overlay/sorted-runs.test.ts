import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareBytes, utf8 } from '../../../../foundation/bytes.ts'
import { type RowAddress, RowArena } from './row-arena.ts'
import { ChunkPool } from './row-chunks.ts'
import { inOrder, SortedRuns } from './sorted-runs.ts'

/** Counts how often it is asked for what a key is. */
class CountingArena extends RowArena {
  looks = 0

  override compare(left: RowAddress, right: RowAddress): number {
    this.looks++
    return super.compare(left, right)
  }

  override compareKey(address: RowAddress, key: Uint8Array): number {
    this.looks++
    return super.compareKey(address, key)
  }

  override keyByte(address: RowAddress, at: number): number {
    this.looks++
    return super.keyByte(address, at)
  }

  override commonBytes(left: RowAddress, right: RowAddress, known: number, most: number): number {
    this.looks++
    return super.commonBytes(left, right, known, most)
  }
}

const begin = (): { rows: CountingArena; order: SortedRuns; add(key: Uint8Array): RowAddress } => {
  const rows = new CountingArena(new ChunkPool())
  const order = new SortedRuns(rows)
  const add = (key: Uint8Array): RowAddress => {
    const address = rows.append(key, undefined)
    order.add(address, key.length)
    return address
  }
  return { rows, order, add }
}

// Beginnings in common of all lengths, keys that end where others go on, and zeros, which are no end.
const key = fc
  .tuple(
    fc.constantFrom('', 'a', 'default/', 'default/users/', 'x'.repeat(300)),
    fc.uint8Array({ maxLength: 12 }),
  )
  .map(
    ([beginning, rest]) =>
      new Uint8Array([...utf8(beginning), ...rest.map((byte) => [0, 1, 97, 255][byte % 4]!)]),
  )

describe('rows in order', () => {
  test('are those of a sorted array, the newest of each key, however often somebody asks', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(key, fc.nat(9)), { maxLength: 400 }), key, (steps, from) => {
        const { rows, order, add } = begin()
        const newest = new Map<string, { readonly key: Uint8Array; readonly address: RowAddress }>()
        const seen: { readonly runs: ReturnType<SortedRuns['runs']>; readonly expected: RowAddress[] }[] = []
        const expected = (): RowAddress[] =>
          [...newest.values()]
            .filter((row) => compareBytes(row.key, from) >= 0)
            .sort((left, right) => compareBytes(left.key, right.key))
            .map(({ address }) => address)
        for (const [added, ask] of steps) {
          newest.set(String(added), { key: added, address: add(added) })
          if (ask === 0) seen.push({ runs: order.runs(), expected: expected() })
        }
        seen.push({ runs: order.runs(), expected: expected() })
        for (const then of seen) expect([...inOrder(rows, then.runs, from)]).toEqual(then.expected)
      }),
    )
  })

  test('are in order where there are many', () => {
    const { rows, order, add } = begin()
    const names: string[] = []
    for (let i = 0; i < 30_000; i++) {
      const name = `default/${(Math.imul(i, 2654435761) >>> 0).toString(36)}`
      names.push(name)
      add(utf8(name))
      if (i % 1_000 === 0) order.runs()
    }
    const found = Array.from(inOrder(rows, order.runs(), utf8('')), (address) => rows.nameAt(address))
    expect(found).toEqual(names.sort())
  })

  test('take little at a time: the first who asks does not pay for all who wrote', () => {
    const { rows, order, add } = begin()
    let most = 0
    const looksOf = (work: () => void): void => {
      const before = rows.looks
      work()
      most = Math.max(most, rows.looks - before)
    }
    for (let i = 0; i < 200_000; i++) {
      const name = utf8(`users/${Math.imul(i, 2654435761) >>> 0}`)
      looksOf(() => add(name))
    }
    for (let i = 0; i < 100; i++) looksOf(() => inOrder(rows, order.runs(), utf8('users/3')).next())
    // Sorting one run looks at a dozen bytes of each key, merging two at each row once.
    expect(most).toBeLessThan(100_000)
    expect(order.runs().length).toBeLessThanOrEqual(16)
  })
})
