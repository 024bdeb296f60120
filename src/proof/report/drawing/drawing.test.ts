import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BOX_HEIGHT, BOX_WIDTH, layOutCycle } from './cycle-layout.ts'
import { CHARACTER_WIDTH, type DrawnOperation, layOutSpaceTime } from './space-time.ts'

describe('a space-time drawing', () => {
  const operation = (process: string, text: string, call: number, end?: number): DrawnOperation => ({
    ...{ process, text, call, end },
    outcome: end === undefined ? 'unknown' : 'ok',
    role: 'part',
  })

  test('keeps the order of events, and every text has room in its bar', () => {
    const bars = fc.array(
      fc.record({ wait: fc.nat(5), takes: fc.integer({ min: 1, max: 40 }), text: fc.string() }),
    )
    fc.assert(
      fc.property(bars, (drawn) => {
        const operations = drawn.map(({ wait, takes, text }, i) =>
          operation(String(i % 3), text, 1_000 * i + wait, 1_000 * i + wait + 997 * takes),
        )
        const { bars, moments, width } = layOutSpaceTime(operations)
        for (let i = 1; i < moments.length; i++) expect(moments[i]!.x).toBeGreaterThan(moments[i - 1]!.x + 20)
        for (const bar of bars) {
          expect(bar.width).toBeGreaterThan(bar.operation.text.length * CHARACTER_WIDTH)
          expect(bar.x + bar.width).toBeLessThan(width)
        }
      }),
    )
  })

  test('leaves the bar of what never ended open, to the end of the drawing', () => {
    const { bars, moments } = layOutSpaceTime([
      operation('1', 'write 3', 0),
      operation('2', 'read → 3', 1, 2),
    ])
    expect(bars.map(({ isOpen }) => isOpen)).toEqual([true, false])
    expect(bars[0]!.x + bars[0]!.width).toBeGreaterThan(moments.at(-1)!.x)
  })
})

describe('a drawing of a cycle', () => {
  test.for([2, 3, 4, 5, 6, 7, 10])(
    'of %i: boxes and labels are apart from each other, and inside',
    (count) => {
      const { nodes, edges, width, height } = layOutCycle(count)
      const boxes = [
        ...nodes.map(({ x, y }) => ({ x, y, halfWidth: BOX_WIDTH / 2, halfHeight: BOX_HEIGHT / 2 })),
        ...edges.map(({ label: { x, y } }) => ({ x, y, halfWidth: 26, halfHeight: 10 })),
      ]
      expect(boxes).toHaveLength(2 * count)
      for (const [i, box] of boxes.entries()) {
        expect(box.x - box.halfWidth).toBeGreaterThanOrEqual(0)
        expect(box.x + box.halfWidth).toBeLessThanOrEqual(width)
        expect(box.y - box.halfHeight).toBeGreaterThanOrEqual(0)
        expect(box.y + box.halfHeight).toBeLessThanOrEqual(height)
        for (const other of boxes.slice(i + 1)) {
          const isApart =
            Math.abs(box.x - other.x) >= box.halfWidth + other.halfWidth ||
            Math.abs(box.y - other.y) >= box.halfHeight + other.halfHeight
          expect(isApart, `${JSON.stringify(box)} and ${JSON.stringify(other)}`).toBe(true)
        }
      }
    },
  )
})
