import { isDeepStrictEqual } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { HistoryFormat } from './format/history-format.ts'
import { HistoryError } from './history-error.ts'
import { pairEvents } from './pair-events.ts'
import { type ParseOptions, parseHistory, streamHistory } from './parse-history.ts'
import type { RecordedHistory } from './recorded-history.ts'
import { externalHistories } from './testing/external-histories.ts'

function problemOf(text: string | Uint8Array, options: ParseOptions = {}): HistoryError {
  try {
    parseHistory(text, options)
  } catch (error) {
    if (error instanceof HistoryError) return error
    throw error
  }
  throw new Error('nothing was wrong')
}

function inChunks(bytes: Uint8Array, length: number): readonly Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / length) }, (_, at) =>
    bytes.subarray(at * length, (at + 1) * length),
  )
}

describe('histories of other projects', () => {
  const expected: readonly (readonly [string, HistoryFormat, number, number])[] = [
    ['elle/bank-negative-balances.json', 'json', 4, 2],
    ['elle/bank.edn', 'edn', 680, 321],
    ['elle/counter.edn', 'edn', 574, 287],
    ['elle/list-append-gh-30.edn', 'edn', 10, 5],
    ['elle/long-fork.edn', 'edn', 4, 2],
    ['elle/paper-example.edn', 'edn', 8, 4],
    ['elle/paper-example.json', 'json', 8, 4],
    ['elle/rw-register.edn', 'edn', 6, 3],
    ['elle/set.edn', 'edn', 8, 4],
    ['elle/set_full.edn', 'edn', 588, 294],
    ['etcd-register/etcd_000.log', 'jepsen-log', 170, 85],
    ['isolation/causal/l20e200sqrt.txt', 'isolation', 138, 69],
    ['isolation/read-committed/l10e100sqrt.txt', 'isolation', 70, 35],
    ['knossos/bad/cas-failure.edn', 'edn', 590, 291],
    ['knossos/bad/rethink-fail-minimal.edn', 'edn', 8, 4],
    ['knossos/good/mongodb-v0-ack-rollback-2.edn', 'edn', 1432, 716],
    ['knossos/multi-register/multi-register.edn', 'edn', 250, 123],
    ['knossos/mutex-bad/etcd.edn', 'edn', 1135, 563],
    ['kv/c01-ok.txt', 'porcupine', 116, 58],
    ['kv/c10-bad.txt', 'porcupine', 810, 405],
  ]

  it('are told apart, read and paired', ({ skip }) => {
    const histories = externalHistories('')
    if (histories === undefined) return skip('the histories of other projects are not here')
    const byName = new Map(histories.map((history) => [history.name, history]))
    for (const [name, format, events, operations] of expected) {
      const { bytes } = byName.get(name)!
      const history = parseHistory(bytes, { fileName: name })
      expect([streamHistory(bytes).format, history.events.length, pairEvents(history).length], name).toEqual([
        ...[format, events, operations],
      ])
    }
    for (const { name, bytes } of histories)
      expect(pairEvents(parseHistory(bytes)).length, name).toBeGreaterThan(0)
  })

  it('read the same wherever the bytes are cut, with other line ends and a byte order mark', ({ skip }) => {
    const histories = externalHistories('')
    if (histories === undefined) return skip('the histories of other projects are not here')
    for (const { name, bytes } of histories.filter((_, at) => at % 5 === 0)) {
      const history = parseHistory(bytes)
      const again = parseHistory(inChunks(bytes, 1 + (bytes.length % 13)))
      expect(isDeepStrictEqual(again, history), name).toBe(true)
      const text = new TextDecoder().decode(bytes)
      const other = parseHistory(`\ufeff${text.replaceAll('\n', '\r\n')}`)
      expect(isDeepStrictEqual(other, history), name).toBe(true)
    }
  })
})

describe('reading a history', () => {
  it('fills in what tools leave out: the index, the process and the function', () => {
    const history = parseHistory(
      '{:type :invoke :value [[:r 0 nil]]} {:type :ok, :value [[:r 0 1]], :index nil}',
    )
    expect(history.events).toEqual([
      { index: 0, process: 0, type: 'invoke', f: 'txn', value: [['r', 0, null]] },
      { index: 1, process: 0, type: 'ok', f: 'txn', value: [['r', 0, 1]] },
    ])
    expect(pairEvents(history)).toHaveLength(1)
  })

  it('keeps the index, time, key and error that are given, and passes over other fields', () => {
    const history = parseHistory(
      '[{"index":5,"time":12,"process":"nemesis","type":"info","f":"kill","error":["x"],"key":7,"node":"n1"},' +
        '{"process":1,"type":"invoke","f":"read","value":{"a":[]}}]',
    )
    expect(history).toEqual({
      origin: 'jepsen',
      events: [
        {
          ...{ index: 5, process: 'nemesis', type: 'info', f: 'kill', value: null },
          ...{ timeNs: 12, key: 7, error: ['x'] },
        },
        { index: 6, process: 1, type: 'invoke', f: 'read', value: new Map([['a', []]]) },
      ],
      lines: Int32Array.of(1, 1),
    })
  })

  it('knows on which line of the file an event begins, also when it takes several', () => {
    const history = parseHistory('; two events\n[{:type :invoke,\n  :f :read}\n\n #op {:type :ok, :f :read}]')
    expect(history.lines).toEqual(Int32Array.of(2, 5))
  })

  it('streams, holding no more of the text than it must', () => {
    let taken = 0
    function* chunks(): Generator<string> {
      for (let index = 0; index < 1000; index++) {
        taken++
        yield `{:type :invoke, :f :write, :process ${index}, :value ${index}}\n`.padEnd(5000)
      }
    }
    const stream = streamHistory(chunks())
    let seen = 0
    let ahead = 0
    for (const event of stream.events) {
      if (event.index !== seen || stream.line !== seen + 1)
        throw new Error(`event ${event.index} is out of place`)
      ahead = Math.max(ahead, taken - ++seen)
    }
    expect(ahead).toBeLessThan(4)
    expect(seen).toBe(1000)
  })

  it('reads one event that is much longer than its chunks', () => {
    const elements = Array.from({ length: 20_000 }, (_, at) => at)
    const text = `[{:type :ok, :f :read, :value #{${elements.join(' ')}}}]`
    const history = parseHistory(
      Array.from({ length: text.length / 100 + 1 }, (_, at) => text.slice(at * 100, at * 100 + 100)),
    )
    expect(history.events[0]?.value).toEqual(new Set(elements))
  })
})

describe('the form of a history', () => {
  const cases: [string, HistoryFormat, RecordedHistory['origin'], string?][] = [
    ['{"dure-history":1,"origin":"dure"}\n', 'dure', 'dure'],
    ['{"dure-history":1,"origin":"porcupine"}\n{"type":"invoke","f":"get"}', 'dure', 'porcupine'],
    ['{"type":"invoke","f":"read"}', 'json', 'jepsen'],
    ['[ {"type" : "invoke"}]', 'json', 'jepsen'],
    ['{"final":true,"type":"invoke"}', 'json', 'jepsen'],
    ['{"type" :fail}', 'edn', 'jepsen'],
    ['[]', 'json', 'jepsen', 'history.json'],
    ['[]', 'edn', 'jepsen', 'history.edn'],
    ['{"type" :invoke}', 'edn', 'jepsen'],
    ['; a comment\n\n({:type :invoke})', 'edn', 'jepsen'],
    ['#_ {:a 1} {:type :invoke}', 'edn', 'jepsen'],
    ['[#jepsen.history.Op{:type :invoke}]', 'edn', 'jepsen'],
    ['; dure-history 1, origin isolation\n{:type :invoke}', 'edn', 'isolation'],
    ['{:type :invoke, :f :put, :key "a", :value "x"}', 'porcupine', 'porcupine'],
    ['{:type :invoke, :f :write, :key "a", :value "x"}', 'edn', 'jepsen'],
    ['r 0 1\nw 0 2', 'isolation', 'isolation'],
    ['-----\nr 0 1', 'isolation', 'isolation'],
    ['INFO  jepsen.util - 0\t:invoke\t:read\tnil\n', 'jepsen-log', 'jepsen-log'],
  ]

  it.each(cases)('of %j is %s, of %s', (...[text, format, origin, fileName]) => {
    const stream = streamHistory(text, fileName === undefined ? {} : { fileName })
    expect([stream.format, stream.origin]).toEqual([format, origin])
    expect(() => parseHistory(text, { format })).not.toThrow()
  })

  it('may be far down a log', () => {
    const text = `${'some line that says nothing\n'.repeat(2000)}INFO  jepsen.util - 0\t:invoke\t:read\tnil\n`
    const history = parseHistory(text)
    expect(history.events).toEqual([{ index: 0, process: 0, type: 'invoke', f: 'read', value: null }])
    expect(history.lines).toEqual(Int32Array.of(2001))
  })

  it('is asked for when it cannot be told, listing the forms', () => {
    const texts: readonly (readonly [string, string?])[] = [
      [''],
      ['[]'],
      ['hello'],
      ['[1 2]'],
      ['{:type :invoke}', 'history.json'],
      ['{"type":"ok"}', 'a.edn'],
    ]
    for (const [text, fileName] of texts) {
      const { message } = problemOf(text, fileName === undefined ? {} : { fileName })
      for (const format of ['dure', 'edn', 'json', 'jepsen-log', 'porcupine', 'isolation'])
        expect(message, text).toContain(`${format} (`)
      expect(message).toContain('--format')
    }
    expect(problemOf('[]').message).toContain('found what may be edn or json')
  })

  it('is refused when it is none that is known', () => {
    expect(() => parseHistory('[]', { format: 'yaml' as HistoryFormat })).toThrow(
      'The format "yaml" is not known. Name one of: dure (our JSON lines',
    )
  })
})

describe("lines of Jepsen's log", () => {
  it('are read with whatever its loggers put in front, and other lines are passed over', () => {
    const history = parseHistory(
      [
        'INFO  jepsen.core - Worker 2 starting',
        'INFO  jepsen.util - 2\t:invoke\t:cas\t[3 0]',
        'INFO [2019-04-01 11:25:23,791] jepsen worker 2 - jepsen.util 2\t:fail\t:cas\t[3 0]',
        '2021-02-26 23:39:01,300{GMT}\tINFO\t[jepsen worker 1] jepsen.util: 1\t:invoke\t:txn\t[[:r 1 nil]]',
        '2021-02-26 23:39:01,301{GMT}\tINFO\t[jepsen worker 1] jepsen.util: 1\t:info\t:txn\t[[:r 1 nil]]\t[:timeout "a b"]',
        'INFO  jepsen.util - 7\t:info\t:write\t:timed-out',
        'INFO  jepsen.util - 8\t:fail\t:read\t:timed-out\r',
        'INFO  jepsen.util - :nemesis\t:info\t:start\t"cut"',
        '3\t:ok\t:read\t-4',
      ].join('\n'),
    )
    expect(history.events).toEqual([
      { index: 0, process: 2, type: 'invoke', f: 'cas', value: [3, 0] },
      { index: 1, process: 2, type: 'fail', f: 'cas', value: [3, 0] },
      { index: 2, process: 1, type: 'invoke', f: 'txn', value: [['r', 1, null]] },
      { index: 3, process: 1, type: 'info', f: 'txn', value: [['r', 1, null]], error: ['timeout', 'a b'] },
      { index: 4, process: 7, type: 'info', f: 'write', value: null, error: 'timed-out' },
      { index: 5, process: 8, type: 'fail', f: 'read', value: null, error: 'timed-out' },
      { index: 6, process: 'nemesis', type: 'info', f: 'start', value: 'cut' },
      { index: 7, process: 3, type: 'ok', f: 'read', value: -4 },
    ])
    expect(history.lines).toEqual(Int32Array.of(2, 3, 4, 5, 6, 7, 8, 9))
  })

  it.each([
    ['INFO  jepsen.util - 0\t:invoke\t:cas\t[3 ', 1, 39, 'a value or ]'],
    ['x\nINFO  jepsen.util - 0\t:invoke\t:read\t12x', 2, 37, 'a number'],
    ['INFO  jepsen.util - 0\t:inv', 1, 1, 'process, :invoke'],
    ['INFO  jepsen.util - 0\t:started\t:read\tnil', 1, 1, 'process, :invoke'],
    ['INFO  jepsen.util - 0 :invoke :read nil', undefined, undefined, 'with tabs between the parts'],
  ])('are refused when they are malformed: %j', (text, line, column, expected) => {
    const error = problemOf(text, { format: 'jepsen-log' })
    expect([error.line, error.column]).toEqual([line, column])
    expect(error.expected).toContain(expected)
  })
})

describe('bad input', () => {
  it.each([
    ['{:type :invoke, :f :read', 1, 25, 'a key of the event, or }'],
    ['[{:type :invoke}\n {:type :ok}', 2, 13, 'an event, {…}, or the end of all'],
    ['[{:type :invoke}] 1', 1, 19, 'nothing after the end of the history'],
    ['[{:type :invoke} 7]', 1, 18, 'an event, {…}, or the end of all'],
    ['{:type :invoke} )', 1, 17, 'an event, {…}'],
    ['{:type :begin}', 1, 14, 'one of invoke, ok, fail, info'],
    ['{:type nil}', 1, 11, 'one of invoke, ok, fail, info'],
    ['{:f :read}', 1, 11, 'an event with a type: invoke, ok, fail or info'],
    ['{:type :ok, :type :ok}', 1, 22, 'type once in an event'],
    ['{:type :ok, :f 3}', 1, 17, 'the name of a function'],
    ['{:type :ok, :process [1]}', 1, 25, 'an integer, or a name such as nemesis'],
    ['{:type :ok, :process 1.5}', 1, 25, 'an integer, or a name such as nemesis'],
    ['{:type :ok, :time :now}', 1, 23, 'nanoseconds'],
    ['{:type :ok, :time ##Inf}', 1, 24, 'nanoseconds'],
    [`{:type :ok, :time 1${'0'.repeat(400)}}`, 1, 420, 'nanoseconds'],
    ['{:type :ok, :index -1}', 1, 22, 'a count from 0'],
    [
      '{:type :ok, :index 4}\n{:type :ok, :index 4}',
      2,
      21,
      'an index greater than 4, that of the event before',
    ],
    [
      '{:type :ok, :index 4}{:type :ok, :index 2}',
      1,
      42,
      'an index greater than 4, that of the event before',
    ],
    ['{:type :ok, :value}', 1, 19, 'the value of the key'],
    ['{"type":"ok"', 1, 13, ', or }'],
    ['[{"type":"ok"}\n{"type":"ok"}]', 2, 1, ', or ]'],
    ['[{"type":"ok"}] 5', 1, 17, 'nothing after the end of the history'],
    ['[{"type":"ok"}, 5]', 1, 17, 'an event, {…}'],
    ['{"type":"ok"}\n{"type":"no"}', 2, 13, 'one of invoke, ok, fail, info'],
    ['{"dure-history":2}', 1, 19, 'version 1 of the format'],
    ['{"dure-history":1,"origin":"x"}', 1, 32, 'one of dure, jepsen, jepsen-log, porcupine, isolation'],
    ['{"dure-history":1}\n{"type":"ok","value":{"$set":3}}', 2, 32, 'a list in $set'],
    ['{"dure-history":1}\n{"type":"ok","value":{"$map":[[1]]}}', 2, 36, 'lists of a key and a value in $map'],
    [
      '{"dure-history":1}\n{"type":"ok","value":[{"$number":"x"}]}',
      2,
      39,
      'NaN, Infinity or -Infinity in $number',
    ],
    ['{:type :ok, :f :get, :key "a", :value 3}', 1, 41, 'a text or nil as :value'],
    ['{:type :ok, :f :get, :key "a"}{:type :ok, :f :read, :key "a"}', 1, 62, 'get, put or append as :f'],
    ['{:type :ok, :f :get, :key "a"}{:type :ok, :f :get}', 1, 51, 'a text as :key'],
  ])('%j is refused at line %i, column %i', (text, line, column, expected) => {
    const error = problemOf(text, { fileName: 'history' })
    expect([error.line, error.column, error.expected]).toEqual([line, column, expected])
    expect(error.message).toMatch(/^history, line \d+, column \d+: found .+, expected .+\. .+/)
    expect(error.code).toBe('invalid')
  })

  it('that is no UTF-8 is refused, naming the line', () => {
    const bytes = new TextEncoder().encode('{:type :ok}\n{:type :ok, :value "é"}')
    expect(problemOf(bytes.subarray(0, bytes.length - 3)).message).toBe(
      'line 2: found bytes that are no UTF-8, expected text in UTF-8. Histories are text: unpack compressed files, and ' +
        'convert other encodings, first.',
    )
    expect(problemOf(Uint8Array.of(123, 10, 10, 255, 10)).line).toBe(3)
  })

  it('names the line of an event that pairs with nothing', () => {
    const history = parseHistory('{:type :invoke, :process 1, :f :read}\n\n{:type :ok, :process 2, :f :read}')
    expect(() => pairEvents(history)).toThrow('line 3, event 1: found ok of read for process 2')
  })
})
