import { describe, expect, it } from 'vitest'
import { HistoryError } from '../history-error.ts'
import { parseHistory } from '../parse-history.ts'
import { readSessions } from './read-sessions.ts'

/** What a visitor is told, as a line each. */
function told(...chunks: readonly string[]): readonly string[] {
  const lines: string[] = []
  readSessions(chunks, {
    session: (number) => lines.push(`session ${number}`),
    transaction: (event) => lines.push(`transaction ${event}`),
    read: (key, value) => lines.push(`r ${key} ${value}`),
    write: (key, value) => lines.push(`w ${key} ${value}`),
  })
  return lines
}

const text =
  'w 0 10\r\nw 1 2\n\n-----\n r  1\t2 \n=====\nr 0 10\n-----\nw 12345678901234567890 9007199254740991'
const lines = [
  ...['session 0', 'transaction 0', 'w 0 10', 'w 1 2', 'transaction 2', 'r 1 2'],
  ...['session 1', 'transaction 4', 'r 0 10', 'transaction 6', 'w 12345678901234567890 9007199254740991'],
]

describe('sessions of transactions as text', () => {
  it('are told to a visitor, wherever the text is cut', () => {
    expect(told(text)).toEqual(lines)
    expect(told(...text)).toEqual(lines)
    expect(told(`${text}\n`)).toEqual(lines)
  })

  it('have no empty sessions and transactions', () => {
    expect(told('=====\n-----\n-----\nw 1 1\n-----\n=====\n=====\n-\nr 1 1\n')).toEqual([
      ...['session 0', 'transaction 0', 'w 1 1', 'session 1', 'transaction 2', 'r 1 1'],
    ])
  })

  it('are events too: a call and an ok of each transaction, reads asked without a value', () => {
    const history = parseHistory('w 0 1\n-----\nr 0 1\nw 0 2\n=====\nr 0 2\n')
    expect(history.origin).toBe('isolation')
    expect(history.events).toEqual([
      { index: 0, process: 0, type: 'invoke', f: 'txn', value: [['w', 0, 1]] },
      { index: 1, process: 0, type: 'ok', f: 'txn', value: [['w', 0, 1]] },
      {
        ...{ index: 2, process: 0, type: 'invoke', f: 'txn' },
        value: [
          ['r', 0, null],
          ['w', 0, 2],
        ],
      },
      {
        ...{ index: 3, process: 0, type: 'ok', f: 'txn' },
        value: [
          ['r', 0, 1],
          ['w', 0, 2],
        ],
      },
      { index: 4, process: 1, type: 'invoke', f: 'txn', value: [['r', 0, null]] },
      { index: 5, process: 1, type: 'ok', f: 'txn', value: [['r', 0, 2]] },
    ])
    expect([...(history.lines as Int32Array)]).toEqual([1, 1, 3, 3, 6, 6])
  })

  it.each([
    ['w 0 1\nx 0 1', 2, 1, 'r key value, w key value, ----- or ====='],
    ['w 0 1\nr 0', 2, 4, 'a digit of the key, or a blank'],
    ['w 0\nr 0 1', 1, 4, 'a digit of the key, or a blank'],
    ['w 0 1\nr 0 \n', 2, 5, 'the value, a number'],
    ['w0 1', 1, 2, 'a blank after r or w'],
    ['w 0 1 2', 1, 7, 'the end of the line'],
    ['w a 1', 1, 3, 'the key, a number'],
    ['w 1a 1', 1, 4, 'a digit of the key, or a blank'],
    ['w 1 -1', 1, 5, 'the value, a number'],
    ['--=', 1, 3, 'the end of the line'],
  ])('refuse %j, saying where and what was expected', (bad, line, column, expected) => {
    let error: unknown
    try {
      told(bad)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(HistoryError)
    expect(error).toMatchObject({ line, column, expected })
  })

  it('bound the digits of a number, which would take ever longer to take in', () => {
    expect(told(`w 0 ${'7'.repeat(39)}`)).toContain(`w 0 ${'7'.repeat(39)}`)
    expect(() => told(`w ${'7'.repeat(1_000_000)} 1`)).toThrow(
      'line 1, column 42: found a number of more than 39 digits, expected a digit of the key, or a blank.',
    )
  })
})
