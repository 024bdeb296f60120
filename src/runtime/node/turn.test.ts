import { describe, expect, test } from 'vitest'
import { eachAfterMicrotasks } from './turn.ts'

describe('steps after microtasks', () => {
  test('come when no promise is left to settle, however long their chain', async () => {
    const log: string[] = []
    let steps = 0
    await eachAfterMicrotasks(
      () => {
        const step = ++steps
        const chain = async (): Promise<void> => {
          for (let i = 0; i < 50; i++) await undefined
          log.push(`settled ${step}`)
        }
        log.push(`step ${step}`)
        void chain()
        return step < 3
      },
      { enter: () => log.push('enter'), leave: () => log.push('leave') },
    )
    expect(log.slice(0, 6)).toEqual(['enter', 'step 1', 'settled 1', 'step 2', 'settled 2', 'step 3'])
    expect(log).toContain('leave')
  })

  test('let the event loop turn, and leave while it does', async () => {
    let isInside = false
    let turns = 0
    let seenInside = false
    const count = (): void => {
      turns++
      seenInside ||= isInside
      if (turns < 3) setImmediate(count)
    }
    setImmediate(count)
    await eachAfterMicrotasks(() => turns < 3, {
      enter: () => {
        isInside = true
      },
      leave: () => {
        isInside = false
      },
    })
    expect(turns).toBe(3)
    expect(seenInside).toBe(false)
    expect(isInside).toBe(false)
  })

  test('do not begin before the caller went on', async () => {
    let began = false
    const end = eachAfterMicrotasks(
      () => {
        began = true
        return false
      },
      { enter() {}, leave() {} },
    )
    await undefined
    expect(began).toBe(false)
    await end
    expect(began).toBe(true)
  })

  test('end with what a step throws, having left', async () => {
    let left = 0
    const end = eachAfterMicrotasks(
      () => {
        throw new Error('a step')
      },
      { enter() {}, leave: () => left++ },
    )
    await expect(end).rejects.toThrow('a step')
    expect(left).toBe(1)
  })
})
