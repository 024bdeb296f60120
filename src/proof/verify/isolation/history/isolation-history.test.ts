import { describe, expect, it } from 'vitest'
import type { HistoryEvent, HistoryValue } from '../../history/event.ts'
import { parseHistory } from '../../history/parse-history.ts'
import { randomSketch } from '../../testing/isolation/random-sketch.ts'
import { historyOf, sketch, textOf } from '../../testing/isolation/sketch.ts'
import { checkIsolation } from '../check-isolation.ts'
import type { IsolationHistory } from './isolation-history.ts'
import { IsolationHistoryBuilder } from './isolation-history-builder.ts'
import { isolationHistoryOf } from './isolation-history-of.ts'
import { readIsolationHistory } from './read-isolation-history.ts'

const read = (...chunks: string[]): IsolationHistory => readIsolationHistory(chunks)

describe('the text of AWDIT', () => {
  it('is read as it is from events, wherever chunks end', () => {
    for (let seed = 0; seed < 20; seed++) {
      const text = textOf(randomSketch(seed))
      const whole = read(text)
      expect(read(...text).arrays).toEqual(whole.arrays)
      expect(isolationHistoryOf(parseHistory(text, { format: 'isolation' })).arrays).toEqual(whole.arrays)
    }
  })

  it('has sessions and transactions only where there are operations', () => {
    const history = read('=====\n-----\nw 1 1\n-----\n-----\nr 1 1\n=====\n=====\n')
    expect([history.sessions, history.transactions]).toEqual([1, 2])
  })

  it('may read 0 where nobody wrote it, but no other value', () => {
    expect(read('r 1 0\n').problems).toEqual([])
    expect(read('r 1 7\n').problems).toMatchObject([{ name: 'garbage-read', key: '1', value: '7' }])
  })

  it('that is wrong is an error with line and column', () => {
    expect(() => read('w 1 1\nx 1 1\n')).toThrow('line 2, column 1: found "x"')
  })
})

describe('a history of transactions', () => {
  const transactions = (
    ...all: readonly [process: number, type: 'ok' | 'fail' | 'info', ...steps: HistoryValue[][]][]
  ): IsolationHistory => {
    const events = all.flatMap(([process, type, ...value], at): HistoryEvent[] => [
      { index: 2 * at, process, type: 'invoke', f: 'txn', value },
      { index: 2 * at + 1, process, type, f: 'txn', value },
    ])
    return isolationHistoryOf({ origin: 'jepsen', events })
  }
  const problems = (history: IsolationHistory): string[] => {
    const { verdict, anomalies } = checkIsolation(history, { consistency: 'read-committed' })
    expect(verdict).toBe(anomalies.length === 0 ? 'valid' : 'invalid')
    return anomalies.map(({ name, events }) => `${name} ${events}`)
  }

  it('may read the initial state as null', () => {
    expect(problems(transactions([1, 'ok', ['r', 'x', null]], [2, 'ok', ['w', 'x', 1]]))).toEqual([])
  })

  it('must not read what nobody wrote', () => {
    expect(problems(transactions([1, 'ok', ['r', 'x', 5]]))).toEqual(['garbage-read 0'])
  })

  it('must not read what was aborted', () => {
    expect(problems(transactions([1, 'fail', ['w', 'x', 1]], [2, 'ok', ['r', 'x', 1]]))).toEqual(['G1a 2'])
  })

  it('must not read what was written over before the end', () => {
    const history = transactions([1, 'ok', ['w', 'x', 1], ['w', 'x', 2]], [2, 'ok', ['r', 'x', 1]])
    expect(problems(history)).toEqual(['G1b 0,2'])
  })

  it('must not contradict itself, nor know what it will write', () => {
    expect(problems(transactions([1, 'ok', ['w', 'x', 1], ['r', 'x', 2]], [2, 'ok', ['w', 'x', 2]]))).toEqual(
      ['internal 0'],
    )
    expect(problems(transactions([1, 'ok', ['r', 'x', 1], ['w', 'x', 1]]))).toEqual(['future-read 0'])
  })

  it('cannot be judged where a value that was read has two writers, unless something else is wrong', () => {
    const twice = transactions([1, 'ok', ['w', 'x', 1]], [2, 'ok', ['w', 'x', 1]], [3, 'ok', ['r', 'x', 1]])
    const result = checkIsolation(twice, { consistency: 'causal' })
    expect(result.verdict).toBe('unknown')
    expect(result.summary).toContain('T4 read x = 1, which T0 and T2 both wrote')
    const unread = transactions([1, 'ok', ['w', 'x', 1]], [2, 'ok', ['w', 'x', 1]])
    expect(checkIsolation(unread, { consistency: 'causal' }).verdict).toBe('valid')
  })

  it('counts a transaction of unknown outcome as soon as a value of it was read, at no certain time', () => {
    const history = transactions(
      [1, 'info', ['w', 'x', 1], ['w', 'y', 1]],
      [2, 'info', ['w', 'z', 1]],
      [3, 'ok', ['r', 'x', 1]],
      [3, 'ok', ['r', 'y', null]],
    )
    expect(history.transactions).toBe(3)
    expect(checkIsolation(history, { consistency: 'read-atomic' }).verdict).toBe('valid')
    expect(checkIsolation(history, { consistency: 'causal' }).verdict).toBe('invalid')
  })

  it('of appends is refused', () => {
    expect(() => transactions([1, 'ok', ['append', 'x', 1]])).toThrow(
      'expected reads and writes of registers',
    )
  })

  it('tells values apart by what they are, and takes integers of both kinds as equal', () => {
    const builder = new IsolationHistoryBuilder()
    builder.session(1)
    builder.transaction(0)
    for (const value of [1, '1', [1], null, -1, 2n ** 60n]) builder.write('x', value)
    builder.write(7n, 3n)
    builder.session(2)
    builder.transaction(1)
    builder.read(7, 3)
    const history = builder.build()
    expect(history.problems).toEqual([])
    expect(new Set(history.arrays.value.slice(0, 6)).size).toBe(6)
    expect(history.keys).toBe(2)
  })

  it('is the same as the text of it', () => {
    const plain = sketch('w 1 1 | r 1 1, w 2 5 / r 2 5, r 3 -')
    expect(read(textOf(plain)).arrays).toMatchObject({
      readWriter: historyOf(plain).arrays.readWriter,
      writeKey: historyOf(plain).arrays.writeKey,
    })
  })
})
