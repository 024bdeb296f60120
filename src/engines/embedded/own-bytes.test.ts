import { expect, test } from 'vitest'
import { logIndex, term } from '../../foundation/ids.ts'
import { ownCommands, ownEntries } from './own-bytes.ts'

/** Views of one buffer, of 100 bytes each, as far apart as said. */
const commandsIn = (count: number, stepBytes: number, fill: number): Uint8Array[] => {
  const { buffer } = new Uint8Array(count * stepBytes).fill(fill)
  return Array.from({ length: count }, (_, i) => new Uint8Array(buffer, i * stepBytes, 100))
}

test('commands that are most of their message stay where they are', () => {
  const commands = commandsIn(50, 120, 1)
  expect(ownCommands(commands)).toBe(commands)
})

test('commands that are the smaller part of their message are copied out of it, and only they', () => {
  const dense = commandsIn(50, 120, 1)
  const sparse = commandsIn(50, 300, 2)
  const commands = [...dense, ...sparse]
  const owned = ownCommands(commands)
  expect(owned).toEqual(commands)
  expect(owned.slice(0, 50).every((command, i) => command === dense[i])).toBe(true)
  expect(new Set(owned.slice(50).map(({ buffer }) => buffer)).size).toBe(1)
  expect(owned.at(-1)!.buffer.byteLength).toBe(5_000)
  // Nothing that was given is changed.
  expect(sparse[0]!.buffer.byteLength).toBe(15_000)
})

test('entries too: one in a large segment does not keep it', () => {
  const data = new Uint8Array(new ArrayBuffer(1 << 20), 512, 40).fill(3)
  const entry = { index: logIndex(7), term: term(2), kind: 'command' as const, data }
  const [owned] = ownEntries([entry])
  expect(owned).toEqual(entry)
  expect(owned!.data.buffer.byteLength).toBe(40)
  expect(ownEntries([])).toEqual([])
})
