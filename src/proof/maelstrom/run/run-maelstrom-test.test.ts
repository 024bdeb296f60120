import { describe, expect, it, test } from 'vitest'
import type { LogResult } from '../../verify/checks/log/check-log.ts'
import { programs } from '../testing/programs/catalogue.ts'
import { acknowledgedOf, countOf, stagedTest } from '../testing/staged-test.ts'
import { programOf, type ThreadProgram } from '../testing/thread-launcher.ts'
import { maelstromWorkloads } from '../workloads/catalogue.ts'
import { echo } from '../workloads/echo.ts'
import { kafka } from '../workloads/kafka.ts'
import { linKv } from '../workloads/lin-kv.ts'
import { broadcast } from '../workloads/sets.ts'
import { txnListAppend } from '../workloads/transactions.ts'

const partitions = { kinds: ['partition'], everyMs: 1_500, forMs: 1_500 } as const

test('there is a program for every workload', () => {
  expect(Object.keys(programs)).toEqual(maelstromWorkloads.map(({ name }) => name))
})

describe.for(maelstromWorkloads.map((workload) => ({ name: workload.name, workload })))(
  '$name',
  ({ name, workload }) => {
    const program = programs[name]!

    test('acquits a program that is right, under partitions', async () => {
      const { verdict, summary, result, calls, faults } = await stagedTest(programOf(program), {
        workload,
        faults: partitions,
      })
      expect(result.anomalies).toEqual([])
      expect([verdict, summary]).toEqual(['valid', result.summary])
      expect(acknowledgedOf(calls)).toBeGreaterThan(300)
      expect(faults.get('partition')).toBeGreaterThan(0)
    })

    test('convicts one that is wrong', async () => {
      const { verdict, problems } = await stagedTest(programOf(program, true), {
        workload,
        faults: partitions,
      })
      expect(problems).toEqual([])
      expect(verdict).toBe('invalid')
    })
  },
)

/** Speaks the protocol until it is asked for the third time; then it does something else. */
const misbehaving =
  (misbehave: (write: (line: string) => void) => void): ThreadProgram =>
  (runtime, write) => {
    let asked = 0
    const node = programOf(programs.echo!)(runtime, write)
    return { receive: (line) => (++asked === 4 ? misbehave(write) : node.receive(line)) }
  }

const answer = (body: object) => (write: (line: string) => void) =>
  write(JSON.stringify({ src: 'n1', dest: 'c1', body: { in_reply_to: 3, ...body } }))

describe('a program that breaks the protocol', () => {
  it.for<[what: string, misbehave: (write: (line: string) => void) => void, told: RegExp]>([
    [
      'writes what is no JSON',
      (write) => write('listening on 8080'),
      /n1 wrote .* it is not JSON.*listening on 8080.*"src": "n1"/s,
    ],
    ['writes no message', (write) => write('[1]'), /it is not an object/],
    ['leaves out the destination', (write) => write('{"src":"n1","body":{}}'), /"dest" is not a string/],
    ['speaks for another', (write) => write('{"src":"n2","dest":"c1","body":{}}'), /"src" is "n2"/],
    [
      'speaks to nobody',
      (write) => write('{"src":"n1","dest":"n9","body":{}}'),
      /to "n9", and there is nobody/,
    ],
    [
      'answers with another type',
      answer({ type: 'read_ok' }),
      /n1 gave an answer .*"type".*asked.*"echo".*expected +\{"type": "echo_ok"/s,
    ],
    ['leaves out what was asked for', answer({ type: 'echo_ok' }), /"echo": it is missing/],
  ])('%s, is told so, and the test is over', async ([, misbehave, told]) => {
    const program = misbehaving(misbehave)
    const { verdict, problems, calls } = await stagedTest(program, {
      workload: echo,
      nodeCount: 1,
      workers: 1,
    })
    expect(verdict).toBe('invalid')
    expect(`${problems[0]!.message}\n${problems[0]!.details}`).toMatch(told)
    expect(countOf(calls)).toBeLessThan(10)
  })

  it.for<[what: string, change: (txn: readonly unknown[]) => unknown, told: RegExp]>([
    ['leaves steps out', (txn) => txn.slice(1), /Sent: \[.*\]; answered: /],
    ['answers nothing at all', () => [], /answered: it is missing/],
    ['adds steps', (txn) => [...txn, ['r', 0, null]], /Sent: there was none/],
    [
      'answers for another key',
      (txn) => txn.map((step) => (step as [string, number, unknown]).with(1, 99)),
      /each step/,
    ],
  ])('%s of a transaction, and is not acquitted for it', async ([, change, told]) => {
    const program: ThreadProgram = (runtime, write) =>
      programOf(programs['txn-list-append']!)(runtime, (line) => {
        const message = JSON.parse(line)
        const { body } = message
        write(
          body.txn === undefined
            ? line
            : JSON.stringify({ ...message, body: { ...body, txn: change(body.txn) } }),
        )
      })
    const { verdict, problems } = await stagedTest(program, { workload: txnListAppend, nodeCount: 1 })
    expect([verdict, problems[0]?.kind]).toEqual(['invalid', 'wrong-answer'])
    expect(problems[0]!.message).toMatch(told)
  })

  it('never says that it is ready', async () => {
    const { verdict, summary } = await stagedTest(() => ({ receive() {} }), { workload: echo })
    expect(verdict).toBe('invalid')
    expect(summary).toMatch(/n1 was not ready after its start: n1 did not answer within 20000 ms/)
  })
})

type LogMessage = readonly [offset: number, message: unknown]

/** The logs of a right program, of which polls show what is left of them. */
const polling =
  (shown: (key: string, messages: readonly LogMessage[]) => readonly LogMessage[]): ThreadProgram =>
  (runtime, write) =>
    programOf(programs.kafka!)(runtime, (line) => {
      const message = JSON.parse(line)
      const { body } = message
      if (body.type !== 'poll_ok') return write(line)
      const left = Object.entries<LogMessage[]>(body.msgs).map(([key, all]) => [key, shown(key, all)])
      write(JSON.stringify({ ...message, body: { ...body, msgs: Object.fromEntries(left) } }))
    })

describe('a test', () => {
  const proxy = programOf(programs['lin-kv']!)

  it('kills, pauses and delays nodes, and starts them again', async () => {
    const kinds = ['kill', 'pause', 'partition', 'packet'] as const
    const { verdict, faults, summary } = await stagedTest(proxy, {
      workload: linKv,
      timeLimitMs: 20_000,
      faults: { kinds, everyMs: 1_500, forMs: 1_500 },
    })
    expect([verdict, summary]).toEqual(['valid', 'The history is linearizable.'])
    for (const kind of kinds) expect(faults.get(kind), kind).toBeGreaterThan(2)
  })

  it('counts messages and calls', async () => {
    const { messages, calls, messagesPerCall } = await stagedTest(proxy, { workload: linKv })
    // Each call is asked and answered, and passed on and answered; init beside.
    expect(messages.clients.sent).toBe(2 * countOf(calls) + 2 * 5)
    expect(messages.servers.sent).toBe(2 * countOf(calls))
    expect(messagesPerCall!.servers).toBe(2)
    const { read } = calls
    expect([read!.failed, read!.unknown]).toEqual([0, 0])
    expect(read!.latencyMs!.median).toBeGreaterThan(5)
  })

  it('asks for availability', async () => {
    const asked = {
      workload: echo,
      timeoutMs: 200,
      faults: { kinds: ['kill'] as const, everyMs: 1_000, forMs: 1_000 },
    }
    const program = programOf(programs.echo!)
    const total = await stagedTest(program, { ...asked, availability: 1 })
    expect(total.verdict).toBe('invalid')
    expect(total.summary).toMatch(/% of the calls were acknowledged, and 100 % were asked for/)
    const half = await stagedTest(program, { ...asked, availability: total.availability.found - 0.01 })
    expect(half.verdict).toBe('valid')
  })

  it('is the same for the same seed', async () => {
    const run = (seed: number) =>
      stagedTest(proxy, { workload: linKv, seed, faults: partitions, timeLimitMs: 5_000 })
    const [first, again, other] = [await run(7), await run(7), await run(8)]
    expect(first.history).toEqual(again.history)
    expect(first.history).not.toEqual(other.history)
  })

  it('does not decide what was not shown', async () => {
    const { verdict, summary } = await stagedTest(proxy, {
      workload: linKv,
      faults: { ...partitions, everyMs: 60_000 },
    })
    expect([verdict, summary]).toEqual([
      'unknown',
      'No fault of this kind struck: partition. Give it more time.',
    ])
  })

  it('that is interrupted judges what was seen, and not what had no time to spread', async () => {
    const interrupted = new AbortController()
    let calls = 0
    const { verdict, calls: made } = await stagedTest(
      programOf(programs.broadcast!),
      { workload: broadcast, latencyMs: 100 },
      {
        signal: interrupted.signal,
        onEvent: () => {
          if (++calls === 100) interrupted.abort()
        },
      },
    )
    expect(countOf(made)).toBeLessThan(70)
    expect(verdict).toBe('unknown')
  })

  it('convicts no log because it is slow', async () => {
    const slow = polling((_key, messages) => messages.slice(0, 1))
    const run = (latencyMs: number) =>
      stagedTest(slow, { workload: kafka, latencyMs, timeoutMs: 3_000, crashClients: false })
    const enough = await run(60)
    expect([enough.verdict, enough.result.anomalies]).toEqual(['valid', []])
    const tooSlow = await run(200)
    expect(tooSlow.result.anomalies).toEqual([])
    expect([tooSlow.verdict, tooSlow.summary]).toEqual([
      'unknown',
      expect.stringMatching(/^What the logs have in the end is not known/),
    ])
    expect((tooSlow.result as LogResult).statistics.unseen).toBeGreaterThan(0)
  })

  it('convicts a log that shows its last messages to nobody', async () => {
    const hiding = polling((key, messages) =>
      key === '0' ? messages.filter(([offset]) => offset < 9) : messages,
    )
    const { verdict, result } = await stagedTest(hiding, { workload: kafka })
    expect([verdict, result.anomalies[0]?.name]).toEqual(['invalid', 'unseen-message'])
  })

  it('asks every node in the end', async () => {
    const silent =
      (isSilent: (node: string) => boolean): ThreadProgram =>
      (runtime, write) => {
        const node = programOf(programs.broadcast!)(runtime, write)
        let isAwake = true
        runtime.timer(9_000, () => (isAwake = !isSilent(node.id)))
        return { receive: (line) => isAwake && node.receive(line) }
      }
    const one = await stagedTest(
      silent((node) => node === 'n5'),
      { workload: broadcast },
    )
    expect([one.verdict, one.summary]).toEqual([
      'unknown',
      'What n5 had in the end is not known: no final read of it was answered.',
    ])
    const all = await stagedTest(
      silent(() => true),
      { workload: broadcast },
    )
    expect(all.verdict).toBe('unknown')
  })
})
