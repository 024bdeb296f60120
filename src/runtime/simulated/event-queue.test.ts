import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EventQueue, SimulationEvent } from './event-queue.ts'

const nothing = (): void => {}

describe('the event queue', () => {
  test('gives events by time, then in the order they were scheduled, without the cancelled ones', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(20), fc.nat(9))), (drawn) => {
        const queue = new EventQueue()
        const events = drawn.map(([time], i) => new SimulationEvent(time, i, 'timer', undefined, nothing))
        for (const event of events) queue.push(event)
        const isCancelled = (i: number): boolean => drawn[i]![1] < 4
        for (const [i, event] of events.entries()) if (isCancelled(i)) queue.cancel(event)
        const expected = events
          .filter((_, i) => !isCancelled(i))
          .sort((left, right) => left.timeUs - right.timeUs || left.sequence - right.sequence)
        const found: SimulationEvent[] = []
        for (let event = queue.pop(); event !== undefined; event = queue.pop()) found.push(event)
        expect(found).toEqual(expected)
      }),
    )
  })

  test('does not grow with timers that are set and cancelled', () => {
    const queue = new EventQueue()
    for (let i = 0; i < 100_000; i++) {
      const event = new SimulationEvent(1_000_000 + i, i, 'timer', undefined, nothing)
      queue.push(event)
      queue.cancel(event)
    }
    expect(queue.size).toBeLessThan(3_000)
    expect(queue.nextTimeUs).toBe(Number.POSITIVE_INFINITY)
  })

  test('does not mind a cancel after the event has happened', () => {
    const queue = new EventQueue()
    const event = new SimulationEvent(1, 1, 'timer', undefined, nothing)
    queue.push(event)
    expect(queue.pop()).toBe(event)
    queue.cancel(event)
    queue.push(new SimulationEvent(2, 2, 'timer', undefined, nothing))
    expect(queue.pop()?.timeUs).toBe(2)
    expect(queue.pop()).toBeUndefined()
  })
})
