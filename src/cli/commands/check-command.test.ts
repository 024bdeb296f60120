import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { externalHistories } from '../../proof/verify/history/testing/external-histories.ts'
import { runInProcess } from '../testing/run-in-process.ts'

let directory: string
const at = (name: string): string => join(directory, name)

const dure = (...events: readonly string[]): string =>
  ['{"dure-history":1,"origin":"dure"}', ...events].map((line) => `${line}\n`).join('')
const event = (process: number, type: string, f: string, value: unknown): string =>
  JSON.stringify({ process, type, f, value })
const call = (process: number, f: string, value: unknown, answer = value): string[] => [
  event(process, 'invoke', f, value),
  event(process, 'ok', f, answer),
]

const files: Readonly<Record<string, string>> = {
  'fine.jsonl': dure(...call(0, 'write', 1), ...call(1, 'read', null, 1)),
  'stale.jsonl': dure(...call(0, 'write', 1), ...call(0, 'write', 2), ...call(1, 'read', null, 1)),
  'late.jsonl': dure(
    event(0, 'invoke', 'write', 1),
    event(0, 'info', 'write', 1),
    ...call(1, 'read', null, 1),
  ),
  'zero.jsonl': dure(...call(0, 'read', null, 0)),
  'bank.jsonl': dure(...call(0, 'read', null, { a: 60, b: 40 }), ...call(0, 'read', null, { a: 50, b: 40 })),
  'txns.json': `[${[
    ...call(0, 'txn', [['append', 'x', 1]]),
    ...call(1, 'txn', [['r', 'x', null]], [['r', 'x', null]]),
  ].join(',\n')}]`,
  'r.txt': 'w 0 0\nw 1 0\n=====\nw 0 1\n-----\nr 0 1\nr 1 0\n=====\nw 1 1\n-----\nr 1 1\nr 0 0\n',
  'cut.edn': '{:process 0, :type :invoke, :f :write, :value 1}\n{:process 0, :type :ok, :f',
  'never-called.jsonl': dure(event(3, 'ok', 'write', 1)),
  'twice.jsonl': dure(event(3, 'invoke', 'write', 1), event(3, 'invoke', 'write', 2)),
  'prose.txt': 'it was a dark night\n',
  'evil.jsonl': dure(...call(0, 'write', 'x'), ...call(1, 'read', null, '\u001b[2J')),
  empty: '',
}

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'dure-check-'))
  mkdirSync(at('folder'))
  for (const [name, text] of Object.entries(files)) writeFileSync(at(name), text)
})
afterAll(() => rmSync(directory, { recursive: true }))

const check = (...args: readonly string[]) =>
  runInProcess([
    'check',
    ...args.map((arg) => (arg in files || arg === 'folder' || arg === 'nothing' ? at(arg) : arg)),
  ])

describe.concurrent('dure check', { timeout: 60_000 }, () => {
  test.for([
    [['fine.jsonl', '--model', 'register'], 0, 'valid    The history is linearizable.'],
    [['stale.jsonl', '--model', 'register'], 1, 'invalid  '],
    [['late.jsonl', '--model', 'cas-register'], 0, 'valid  '],
    [['zero.jsonl', '--model', 'register'], 1, 'invalid  '],
    [['zero.jsonl', '--model', 'register', '--initial', '0'], 0, 'valid  '],
    [['bank.jsonl', '--model', 'bank'], 1, 'invalid  '],
    [['txns.json', '--model', 'list-append', '--consistency', 'serializable'], 0, 'valid  '],
    [['txns.json', '--model', 'list-append', '--consistency', 'strict-serializable'], 1, 'invalid  '],
    [['r.txt', '--format', 'isolation', '--consistency', 'causal'], 0, 'valid  '],
    [['r.txt', '--consistency', 'snapshot-isolation'], 1, 'invalid  '],
    [['r.txt'], 1, 'It is causally'],
  ] as const)('%j ends with %d', async ([args, code, words]) => {
    const ran = await check(...args)
    expect(ran).toMatchObject({ code, stderr: '' })
    expect(ran.stdout).toContain(words)
    // Of a path that is long by itself a line may be longer.
    const lines = ran.stdout.split('\n').filter((line) => !line.includes(directory))
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(100)
  })

  test.for([
    [['nothing', '--model', 'register'], 'does not exist: name a file with a history'],
    [['folder', '--model', 'register'], 'is a directory: name a file'],
    [['empty', '--model', 'register'], 'is empty: name a file'],
    [['-', '--model', 'register'], 'standard input is empty'],
    [['cut.edn', '--model', 'register'], 'line 2, column'],
    [['prose.txt', '--model', 'register'], '--format'],
    [['never-called.jsonl', '--model', 'register'], 'process 3, which has no call open'],
    [['twice.jsonl', '--model', 'register'], 'is still open'],
    [['fine.jsonl'], 'what is this history of?'],
    [['fine.jsonl', '--model', 'rgister'], 'Did you mean register? The known ones:'],
    [['fine.jsonl', '--model', 'bank', '--option', 'totl=3'], 'bank has no option "totl": it has total'],
    [
      ['fine.jsonl', '--model', 'bank', '--option', 'total=x'],
      'the option total of bank is "x": use a number',
    ],
    [['fine.jsonl', '--model', 'bank', '--initial', '3'], 'bank takes no --initial; these do: register'],
    [['fine.jsonl', '--model', 'linearizable-counter', '--initial', 'x'], 'linearizable-counter: '],
    [['txns.json', '--model', 'list-append', '--consistency', 'serialisable'], '"serialisable"'],
    [['fine.jsonl', '--model', 'register', '--format', 'xml'], 'Allowed choices are dure, edn'],
    [['fine.jsonl', '--model', 'register', '--time-limit', '0'], 'Use a whole number from 1 to 86400.'],
  ] as const)('%j is refused: %s', async ([args, words]) => {
    const ran = await check(...args)
    expect(ran).toMatchObject({ code: 64, stdout: '' })
    expect(ran.stderr).toContain(words)
  })

  test('reads standard input', async () => {
    const ran = await runInProcess(['check', '-', '--model', 'register'], { stdin: files['stale.jsonl']! })
    expect(ran.code).toBe(1)
    expect(ran.stdout).toContain('standard input: 6 events, read as dure, checked as register')
  })

  test('--json has the verdict, why, and what was spent; errors too', async () => {
    const ran = await check('stale.jsonl', '--model', 'register', '--json')
    expect(ran.code).toBe(1)
    expect(JSON.parse(ran.stdout)).toMatchObject({
      verdict: 'invalid',
      model: 'register',
      history: { origin: 'dure', events: 6 },
      anomalies: [{ name: expect.any(String), explanation: expect.any(String), events: expect.any(Array) }],
      spent: { steps: expect.any(Number), memory_bytes: expect.any(Number) },
    })
    const refused = await check('cut.edn', '--model', 'register', '--json')
    expect(JSON.parse(refused.stderr)).toMatchObject({ error: { code: 'invalid' } })
  })

  test('what a history holds cannot steer the terminal', async () => {
    const ran = await check('evil.jsonl', '--model', 'register')
    expect(ran.code).toBe(1)
    expect(ran.stdout).not.toContain('\u001b')
  })

  test('colours where they are wanted', async () => {
    const args = ['check', at('fine.jsonl'), '--model', 'register']
    expect((await runInProcess(args, { env: { FORCE_COLOR: '1' } })).stdout).toContain(
      '\u001b[32mvalid\u001b[39m',
    )
  })

  test('one thread or several: the same answer', async () => {
    const [one, many] = await Promise.all(
      ['1', '3'].map((jobs) => check('stale.jsonl', '--model', 'register', '--jobs', jobs)),
    )
    expect(many).toEqual(one)
  })

  test('Ctrl-C ends it', async () => {
    const interrupted = AbortSignal.abort()
    const ran = await runInProcess(['check', at('fine.jsonl'), '--model', 'register'], { interrupted })
    expect(ran).toMatchObject({ code: 130, stdout: '' })
  })

  test('help begins with what to type, and lists models, formats and levels', async () => {
    const { code, stdout } = await check('--help')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^ {2}dure check history\.edn --model cas-register/)
    for (const word of ['cas-register', 'jepsen-log', 'strict-serializable']) expect(stdout).toContain(word)
  })

  test('levels of reads are still two elsewhere', async () => {
    const ran = await runInProcess(['get', 'a', '--consistency', 'causal'])
    expect(ran.code).toBe(64)
    expect(ran.stderr).toContain('Allowed choices are strong, eventual.')
  })

  const recorded = externalHistories('')
  test.skipIf(recorded === undefined).for([
    ['etcd-register/etcd_002.log', [], 0],
    ['etcd-register/etcd_003.log', ['--model', 'cas-register'], 1],
    ['kv/c10-ok.txt', [], 0],
    ['kv/c10-bad.txt', ['--model', 'key-value'], 1],
    ['knossos/good/memstress3-0.edn', ['--model', 'cas-register'], 0],
    ['knossos/bad/cas-failure.edn', ['--model', 'cas-register'], 1],
    ['knossos/multi-register/multi-register.edn', ['--model', 'multi-register'], 0],
    ['knossos/mutex-bad/etcd.edn', ['--model', 'lock'], 1],
    ['elle/bank.edn', ['--model', 'bank'], 0],
    ['elle/bank-negative-balances.json', ['--model', 'bank'], 1],
    ['elle/counter.edn', ['--model', 'counter'], 0],
    ['elle/set.edn', ['--model', 'set'], 0],
    ['elle/set_full.edn', ['--model', 'set-full'], 1],
    ['elle/long-fork.edn', ['--model', 'long-fork'], 1],
    ['elle/paper-example.json', ['--model', 'list-append', '--consistency', 'repeatable-read'], 1],
    ['elle/list-append-gh-30.edn', ['--model', 'list-append'], 1],
    ['isolation/causal/lost-update.txt', ['--consistency', 'causal'], 0],
    ['isolation/none/hb-cycle.txt', ['--format', 'isolation', '--consistency', 'read-committed'], 1],
  ] as const)('%s %j ends with %d', async ([name, args, code]) => {
    const { path } = recorded!.find((each) => each.name === name)!
    const ran = await runInProcess(['check', path, ...args])
    expect({ code: ran.code, stderr: ran.stderr }, ran.stdout).toEqual({ code, stderr: '' })
  })
})
