import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { checkAgain } from '../../src/cli/test/check-again.ts'
import { recordTest } from '../../src/cli/test/run-test.ts'
import { RunDirectory } from '../../src/cli/test/store/run-directory.ts'
import { defaults, type TestPlan } from '../../src/cli/test/test-plan.ts'
import { waitFor } from '../../src/fixture/wait-for.ts'
import { bank } from '../../src/proof/workloads/bank/bank.ts'
import { register } from '../../src/proof/workloads/register/register.ts'
import { DefectiveStore } from '../../src/proof/workloads/testing/defective-store.ts'
import { createNodeRuntime } from '../../src/runtime/node/node-runtime.ts'
import { tcpFraming } from '../../src/wire/frame/tcp-framing.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const WAIT_MS_MAX = 30_000

let store: string

beforeAll(() => {
  store = mkdtempSync(join(tmpdir(), 'dure-store-'))
})
afterAll(() => rmSync(store, { recursive: true }))

/** With a directory of its own for what nodes keep. */
function begin(...args: readonly string[]): { readonly child: ChildProcess; readonly temporary: string } {
  const temporary = mkdtempSync(join(store, 'temporary-'))
  const child = spawn(process.execPath, [MAIN, 'test', ...args, '--store', store], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      NO_COLOR: '1',
      TMPDIR: temporary,
      NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache'),
    },
  })
  return { child, temporary }
}

const planOf = (own: Pick<TestPlan, 'workload' | 'name'> & Partial<TestPlan>): TestPlan => ({
  ...defaults,
  engine: 'embedded',
  seed: 1,
  store,
  ...own,
})

async function ended(child: ChildProcess) {
  const [stdout, stderr, code] = await Promise.all([
    text(child.stdout!),
    text(child.stderr!),
    new Promise<number | null>((resolve) => child.once('close', resolve)),
  ])
  return { stdout, stderr, code }
}

/** Nodes whose data is in there. */
const nodesOf = (directory: string): number[] =>
  execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes('--node-id') && line.includes(directory))
    .map((line) => Number.parseInt(line, 10))

describe.concurrent('dure test on real processes', () => {
  test('acquits them under kills and partitions, and leaves all that it saw', async () => {
    const enough = new AbortController()
    const seen = new Map<string, number>()
    const { record, directory } = await recordTest(
      planOf({
        workload: bank,
        name: 'bank',
        nodes: 3,
        faultKinds: ['kill', 'partition'],
        faultIntervalMs: 1_000,
      }),
      RunDirectory.create(store, 'bank', new Date()),
      '0',
      {
        interrupted: enough.signal,
        killed: new AbortController().signal,
        onEvent({ type, f }) {
          if (type !== 'invoke') seen.set(`${type} ${f}`, (seen.get(`${type} ${f}`) ?? 0) + 1)
          const count = (what: string) => seen.get(what) ?? 0
          const isLoaded = count('ok read') >= 30 && count('ok transfer') >= 20
          if (isLoaded && count('info end-kill') > 0 && count('info end-partition') > 0) enough.abort()
        },
      },
    )
    expect(record.results).toMatchObject({ verdict: 'valid', isInterrupted: true, surprises: [] })
    expect(record.results.faultSpans.every(({ endMs }) => endMs !== undefined)).toBe(true)
    expect(record.setup.nodes).toEqual(['1', '2', '3'])
    const logs = ['node-1.log', 'node-2.log', 'node-3.log']
    expect(readdirSync(directory.path).sort()).toEqual([
      'history.edn',
      'history.jsonl',
      'index.html',
      ...logs,
      'results.json',
      'test.json',
    ])
    const again = await checkAgain(
      new RunDirectory(join(store, 'bank', 'latest')),
      new AbortController().signal,
    )
    expect(again.record.results).toEqual(record.results)
  })

  test('is a command: exit code 0, and a line of JSON', async () => {
    const args = [
      '--workload',
      'unique-ids',
      '--nodes',
      '1',
      '--nemesis',
      'none',
      '--time-limit',
      '4',
      '--json',
    ]
    const { code, stdout, stderr } = await ended(begin(...args).child)
    expect(stderr).toContain('unique-ids on 1 node, 4 s, no faults, seed ')
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'valid', isInterrupted: false, faults: {} })
    expect(code).toBe(0)
  })

  test('Ctrl-C ends the load, judges what was seen and leaves no process', async () => {
    const { child, temporary } = begin(
      '--workload',
      'register',
      '--nodes',
      '3',
      '--time-limit',
      '600',
      '--nemesis-interval',
      '1',
    )
    const over = ended(child)
    const history = join(store, 'register-embedded', 'latest', 'history.jsonl')
    await waitFor('faults', WAIT_MS_MAX, async () =>
      existsSync(history) && readFileSync(history, 'utf8').includes('"begin-') ? true : undefined,
    )
    child.kill('SIGINT')
    const { code, stdout } = await over
    expect(code).toBe(130)
    expect(stdout).toContain('register on embedded, 3 nodes, interrupted after ')
    expect(
      JSON.parse(readFileSync(join(store, 'register-embedded', 'latest', 'results.json'), 'utf8')),
    ).toMatchObject({
      isInterrupted: true,
    })
    expect(nodesOf(temporary)).toEqual([])
    expect(readdirSync(temporary)).toEqual([])
  })

  test('convicts a store that loses writes that it acknowledged', async () => {
    const runtime = await createNodeRuntime({
      directory: '.',
      network: { framing: tcpFraming, clusterId: '' },
    })
    onTestFinished(() => runtime.close())
    const plan = planOf({
      workload: register,
      name: 'defective',
      nodes: 1,
      timeLimitMs: 3_000,
      faultKinds: [],
    })
    const { record, directory } = await recordTest(
      plan,
      RunDirectory.create(store, 'defective', new Date()),
      '0',
      {
        interrupted: new AbortController().signal,
        killed: new AbortController().signal,
        wrapStore: (store) => new DefectiveStore(store, runtime, 'lost-write'),
      },
    )
    expect(record.results.verdict).toBe('invalid')
    expect(record.results.anomalies.length).toBeGreaterThan(0)
    expect(directory.readResults()?.verdict).toBe('invalid')
  })
})
