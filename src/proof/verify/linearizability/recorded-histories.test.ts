import { describe, expect, it } from 'vitest'
import type { HistoryEvent, HistoryValue } from '../history/event.ts'
import { HistoryError } from '../history/history-error.ts'
import { parseHistory } from '../history/parse-history.ts'
import type { HistoryOrigin, RecordedHistory } from '../history/recorded-history.ts'
import { externalHistories } from '../history/testing/external-histories.ts'
import { checkLinearizable, checkPart, splitHistory } from './check-linearizable.ts'
import { combineParts } from './linearizability-result.ts'
import { modelNamed, modelNames, models } from './models/models.ts'

const linearizableEtcdLogs = ['002', '005', '007', '018', '025', '031', '038', '045', '048', '049']

/** What each history is of, and whether it is right: said by those who recorded it. */
const recorded = [
  {
    folder: 'etcd-register',
    model: models.casRegister(),
    isRight: (name: string) => linearizableEtcdLogs.includes(name.slice(-7, -4)),
  },
  { folder: 'kv', model: models.keyValue(), isRight: (name: string) => name.includes('ok') },
  { folder: 'knossos/good', model: models.casRegister(), isRight: () => true },
  { folder: 'knossos/bad', model: models.casRegister(), isRight: () => false },
  { folder: 'knossos/multi-register', model: models.multiRegister(), isRight: () => true },
  { folder: 'knossos/mutex-bad', model: models.lock(), isRight: () => false },
]

describe('histories that other tools recorded', () => {
  for (const { folder, model, isRight } of recorded) {
    const histories = externalHistories(folder)
    it.skipIf(histories === undefined)(`have their verdicts: ${folder}`, () => {
      expect(histories!.length).toBeGreaterThan(0)
      for (const { name, bytes } of histories!) {
        const result = checkLinearizable(parseHistory(bytes, { fileName: name }), model)
        expect(result.verdict, name).toBe(isRight(name) ? 'valid' : 'invalid')
        if (result.verdict !== 'invalid') continue
        const { drawing, isIrreducible, conflict } = result.witness
        expect(isIrreducible, name).toBe(true)
        expect(Math.max(...drawing.split('\n').map((line) => line.length)), name).toBeLessThanOrEqual(100)
        expect(result.anomalies[0]!.events).toEqual(conflict.map(({ call }) => call))
      }
    })
  }

  it.skipIf(externalHistories('knossos/mutex-bad') === undefined)(
    'are told in a drawing of a few lines',
    () => {
      const [history] = externalHistories('etcd-register')!.filter(({ name }) => name.includes('004'))
      const result = checkLinearizable(
        parseHistory(history!.bytes, { fileName: history!.name }),
        models.casRegister(),
      )
      expect(`\n${result.anomalies[0]!.drawing}\n`).toBe(`
process 4  ├─ read → 4 ─┤  ├─ read → 2 ─┤                  ┣━ read → 2 ━┫ ✗
process 7                                  ├─ read → 4 ─┤
           45           46 52           53 59           60 61           62
the state before it, in one order of all the others: 4
`)
    },
  )
})

const origins: readonly HistoryOrigin[] = ['dure', 'jepsen', 'jepsen-log', 'porcupine']

type Row = readonly [
  process: number,
  type: HistoryEvent['type'],
  f: string,
  value?: HistoryValue,
  error?: string,
]

function history(origin: HistoryOrigin, ...rows: readonly Row[]): RecordedHistory {
  return {
    origin,
    events: rows.map(([process, type, f, value = null, error], index) => ({
      index,
      process,
      type,
      f,
      value,
      ...(error === undefined ? {} : { error }),
    })),
  }
}

describe('what a history leaves unsaid follows its origin', () => {
  const verdicts = (rows: readonly Row[], model = models.casRegister()) =>
    origins.filter((origin) => checkLinearizable(history(origin, ...rows), model).verdict === 'valid')

  it('a register of Jepsen starts at 0, of Porcupine empty, else absent; or as told', () => {
    const reads = (value: HistoryValue): Row[] => [
      [1, 'invoke', 'read'],
      [1, 'ok', 'read', value],
    ]
    expect(verdicts(reads(0))).toEqual(['jepsen'])
    expect(verdicts(reads(''))).toEqual(['porcupine'])
    expect(verdicts(reads(7))).toEqual([])
    expect(verdicts(reads(7), models.casRegister({ initial: 7 }))).toEqual(origins)
  })

  it('a read of nil found nothing, but for Jepsen, where it may be of anything; or as told', () => {
    const rows: Row[] = [
      [1, 'invoke', 'write', 3],
      [1, 'ok', 'write', 3],
      [1, 'invoke', 'read'],
      [1, 'ok', 'read', null],
    ]
    expect(verdicts(rows)).toEqual(['jepsen'])
    expect(verdicts(rows, models.casRegister({ nilRead: 'any' }))).toEqual(origins)
    expect(verdicts(rows, models.casRegister({ nilRead: 'absent' }))).toEqual([])
  })

  it('a failed compare-and-set found another value in logs of etcd, and did not happen elsewhere; or as told', () => {
    const rows: Row[] = [
      [1, 'invoke', 'write', 3],
      [1, 'ok', 'write', 3],
      [1, 'invoke', 'cas', [3, 4]],
      [1, 'fail', 'cas', [3, 4]],
    ]
    expect(verdicts(rows)).toEqual(['dure', 'jepsen', 'porcupine'])
    expect(verdicts(rows, models.casRegister({ failedCas: 'ran' }))).toEqual([])
    expect(verdicts(rows, models.casRegister({ failedCas: 'did-not-run' }))).toEqual(origins)
    expect(verdicts([...rows.slice(0, 3), [1, 'fail', 'cas', [3, 4], 'timed-out']])).toEqual(origins)
  })

  it('a read that failed says nothing', () => {
    expect(
      verdicts([
        [0, 'invoke', 'write', 3],
        [0, 'ok', 'write', 3],
        [1, 'invoke', 'read'],
        [1, 'fail', 'read', 'timed-out'],
      ]),
    ).toEqual(origins)
  })
})

describe('events name their objects', () => {
  it('so that each is checked by itself', () => {
    const events = (key: string, value: number, index: number): HistoryEvent[] => [
      { index, process: 1, type: 'invoke', f: 'write', value, key },
      { index: index + 1, process: 1, type: 'ok', f: 'write', value, key },
      { index: index + 2, process: 1, type: 'invoke', f: 'read', value: null, key },
      { index: index + 3, process: 1, type: 'ok', f: 'read', value: 1, key },
    ]
    const two: RecordedHistory = { origin: 'dure', events: [...events('a', 1, 0), ...events('b', 2, 4)] }
    const result = checkLinearizable(two, models.register())
    expect(result).toMatchObject({ verdict: 'invalid', key: 'b' })
    expect(result.summary).toBe('Key b is not linearizable: read b → 1 (call 6) fits no order.')
  })
})

describe('parts', () => {
  it('can be checked in other threads, from plain data and the name of the model', () => {
    const rows: Row[] = [
      [1, 'invoke', 'write', 3],
      [1, 'ok', 'write', 3],
      [2, 'invoke', 'read'],
      [2, 'ok', 'read', 0],
    ]
    const whole = checkLinearizable(history('jepsen', ...rows), models.register())
    const { parts, model } = splitHistory(history('jepsen', ...rows), models.register())
    const { name, options } = structuredClone({ name: model.name, options: model.options })
    const results = structuredClone(parts).map((part) =>
      structuredClone(checkPart(part, modelNamed(name, options)!)),
    )
    expect(combineParts(results)).toEqual(whole)
    expect(whole.verdict).toBe('invalid')
  })
})

describe('a history that does not fit its model', () => {
  const problem = (model: string, ...rows: readonly Row[]): string => {
    try {
      modelNamed(model)!.decode(history('dure', ...rows))
    } catch (error) {
      if (error instanceof HistoryError) return error.message
    }
    return ''
  }

  it('is refused with the event and what was expected', () => {
    expect(problem('cas-register', [1, 'invoke', 'cas', 3])).toBe(
      'event 0: found a call of cas with 3, expected a list of two: the value expected and the new one. Choose the model that fits the history, or write down what the model asks for.',
    )
    expect(
      problem('register', [1, 'invoke', 'write', 1], [1, 'ok', 'write', 1], [1, 'invoke', 'cas', [1, 2]]),
    ).toBe(
      'event 2: found the function cas, expected one of read, write. These are what the model register knows: choose the model that fits the history.',
    )
    expect(problem('counter', [1, 'invoke', 'read'], [1, 'ok', 'read', 'many'])).toMatch(
      /^event 1: found the answer of read with "many", expected the number that was read/,
    )
    expect(problem('fenced-lock', [1, 'invoke', 'acquire'], [1, 'ok', 'acquire', 'x'])).toMatch(
      /^event 1: .*token/,
    )
    expect(problem('set', [1, 'invoke', 'read'], [1, 'ok', 'read', 5])).toMatch(/a set or a list/)
    expect(problem('append-only-list', [1, 'invoke', 'read'], [1, 'ok', 'read', 5])).toMatch(
      /the list that was read/,
    )
    expect(problem('key-value', [1, 'invoke', 'get'])).toMatch(/names its key/)
    expect(problem('multi-register', [1, 'invoke', 'txn', [['add', 'x', 1]]])).toMatch(/reads and writes/)
  })

  it('names the line of its file', () => {
    const text = '{:process 1, :type :invoke, :f :read}\n{:process 1, :type :ok, :f :read, :value :many}\n'
    expect(() => checkLinearizable(parseHistory(text), models.counter())).toThrow(
      /^line 2, event 1: found the answer of read with "many"/,
    )
  })

  it('has models by name', () => {
    expect(modelNames).toContain('cas-register')
    expect(modelNamed('no-such-model')).toBeUndefined()
  })
})
