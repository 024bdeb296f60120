import { describe, expect, it } from 'vitest'
import { SeededRandom } from '../../../runtime/seeded-random.ts'
import { Links } from './links.ts'

describe('links between members', () => {
  it('are cut one way, and each cut replaces the one before', () => {
    const links = new Links(new SeededRandom(1))
    let changes = 0
    const forget = links.onChange(() => changes++)
    links.cut([{ from: '1', to: '2' }])
    expect([links.isCut('1', '2'), links.isCut('2', '1')]).toEqual([true, false])
    links.cut([{ from: '3', to: '1' }])
    expect([links.isCut('1', '2'), links.isCut('3', '1')]).toEqual([false, true])
    forget()
    links.cut([])
    expect(links.isCut('3', '1')).toBe(false)
    expect(changes).toBe(2)
  })

  it('show loss and reorder as TCP does: some pieces are late, none is gone', () => {
    const links = new Links(new SeededRandom(1))
    const delays = () => new Set(Array.from({ length: 200 }, () => links.delayMs('1', '2')))
    expect(delays()).toEqual(new Set([0]))
    links.disturb({ lossProbability: 0.2 })
    expect(delays()).toEqual(new Set([0, 200]))
    links.disturb({ reorderProbability: 0.2, delayMs: 20 })
    expect(delays()).toEqual(new Set([0, 20]))
    links.disturb({ delayMs: 70 })
    links.delay({ from: '1', to: '2' }, 700)
    expect(delays()).toEqual(new Set([770]))
    expect(links.delayMs('2', '1')).toBe(70)
    links.disturb({ delayMs: 70, nodes: ['2', '3'] })
    expect([links.delayMs('1', '2'), links.delayMs('2', '1')]).toEqual([700, 70])
    links.disturb(undefined)
    expect(delays()).toEqual(new Set([700]))
  })
})
