import { expect, test } from 'vitest'
import { utf8 } from '../../foundation/bytes.ts'
import type { Timer } from '../../runtime/runtime.ts'
import { openFile, promised } from '../../runtime/testing/promises.ts'
import { MemoryDisk } from '../../storage/testing/memory-disk.ts'
import { stallingDisk } from './stalling-disk.ts'

test('holds syncs back and nothing else, for as long as it is told to', async () => {
  const asked: number[] = []
  let fire: (() => void) | undefined
  const timer = (delayMs: number, run: () => void): Timer => {
    asked.push(delayMs)
    fire = run
    return { cancel: () => {} }
  }
  const stall = { stallMs: 0 }
  const disk = stallingDisk({ timer }, new MemoryDisk(), stall)
  const file = await openFile(disk, 'a')
  await promised((done) => file.writeSynced(0, utf8('x'), done))
  expect(asked).toEqual([])

  stall.stallMs = 500
  await promised((done) => file.write(0, utf8('y'), done))
  await promised<Uint8Array>((done) => file.read(0, 1, done))
  const syncs = [
    (done: () => void) => file.sync(done),
    (done: () => void) => file.writeSynced(0, utf8('z'), done),
    (done: () => void) => disk.syncDirectory('.', done),
  ]
  for (const [i, sync] of syncs.entries()) {
    let isDone = false
    sync(() => (isDone = true))
    await expect.poll(() => asked.length, { interval: 1 }).toBe(i + 1)
    expect(isDone).toBe(false)
    fire!()
    expect(isDone).toBe(true)
  }
  expect(asked).toEqual([500, 500, 500])
  stall.stallMs = 0
  await promised((done) => file.sync(done))
})
