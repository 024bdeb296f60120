import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { waitFor } from '../../src/fixture/wait-for.ts'
import type { TestResults, TestSetup } from '../../src/proof/workloads/run/test-record.ts'
import { etcdPrograms, requireEtcd } from './etcd-cluster.ts'

const root = join(import.meta.dirname, '../..')
const WAIT_MS_MAX = 60_000

let store: string

beforeAll(() => {
  store = mkdtempSync(join(tmpdir(), 'dure-store-'))
})
afterAll(() => rmSync(store, { recursive: true }))

/** With a directory of its own for what etcd keeps. */
function begin(program: string, ...args: readonly string[]) {
  const temporary = mkdtempSync(join(store, 'temporary-'))
  const child = spawn(process.execPath, [join(root, program), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: store,
    env: {
      ...process.env,
      NO_COLOR: '1',
      TMPDIR: temporary,
      ETCD: etcdPrograms[0]!,
      NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/compiled'),
    },
  })
  return { child, temporary }
}

async function ended(child: ChildProcess) {
  const [stdout, stderr, code] = await Promise.all([
    text(child.stdout!),
    text(child.stderr!),
    new Promise<number | null>((resolve) => child.once('close', resolve)),
  ])
  return { stdout, stderr, code }
}

/** Members whose data is in there. */
const membersOf = (directory: string): readonly string[] =>
  execFileSync('ps', ['-eo', 'args='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes('--initial-cluster') && line.includes(directory))

function expectNothingLeft(temporary: string): void {
  expect(membersOf(temporary)).toEqual([])
  expect(readdirSync(temporary)).toEqual([])
}

const short = ['--engine', 'etcd', '--nodes', '3', '--nemesis-interval', '1', '--seed', '1']

describe.runIf(requireEtcd())(
  'an etcd of our own under faults',
  { concurrent: true, timeout: 180_000 },
  () => {
    test('is loaded, killed, paused and cut, judged, and gone', async () => {
      const kinds = 'pause,kill,partition,packet'
      const args = [...short, '--workload', 'cas-register', '--time-limit', '8', '--nemesis', kinds, '--json']
      const { child, temporary } = begin('src/cli/main.ts', 'test', ...args)
      const { stdout, stderr, code } = await ended(child)
      const results = JSON.parse(stdout) as TestResults & TestSetup
      // A machine that is busy may do too little in this time to show anything.
      expect([0, 2], stderr).toContain(code)
      expect(results.anomalies).toEqual([])
      expect(results.surprises).toEqual([])
      expect(results.nodes).toEqual(['1', '2', '3'])
      expect(Object.keys(results.faults).length).toBeGreaterThanOrEqual(3)
      expect(
        results.faultSpans.filter(({ error, endMs }) => error !== undefined || endMs === undefined),
      ).toEqual([])
      expect(results.calls.read!.acknowledged).toBeGreaterThan(0)
      expect(results.files).toEqual(expect.arrayContaining(['node-1.log', 'node-2.log', 'node-3.log']))
      expectNothingLeft(temporary)
    })

    test('leaves nothing behind after Ctrl-C in the middle of faults', async () => {
      const args = [...short, '--workload', 'register', '--time-limit', '60', '--nemesis', 'pause,partition']
      const { child, temporary } = begin('src/cli/main.ts', 'test', ...args, '--name', 'interrupted')
      const history = join(store, 'store/interrupted/latest/history.jsonl')
      const end = ended(child)
      await waitFor('a member that is paused', WAIT_MS_MAX, async () =>
        existsSync(history) && readFileSync(history, 'utf8').includes('begin-pause') ? true : undefined,
      )
      expect(membersOf(temporary)).toHaveLength(3)
      child.kill('SIGINT')
      expect((await end).code).toBe(130)
      expectNothingLeft(temporary)
    })

    test('is refused faults where it was there before, and members that come and go', async () => {
      const there = begin(
        'src/cli/main.ts',
        'test',
        ...short,
        '--workload',
        'set',
        '--endpoints',
        '127.0.0.1:1',
        '--nemesis',
        'kill',
      )
      const members = begin('src/cli/main.ts', 'test', ...short, '--workload', 'set', '--nemesis', 'member')
      const [first, second] = await Promise.all([ended(there.child), ended(members.child)])
      expect([first.code, second.code]).toEqual([64, 64])
      expect(first.stderr).toContain('--nemesis none')
      expect(second.stderr).toContain('member')
      expectNothingLeft(members.temporary)
    })

    // Its steps are timed: beside the others it would miss them more often.
    test('reads stale values by the schedule that is known to bring them about, before they were mended', {
      concurrent: false,
      retry: 2,
    }, async () => {
      const { child, temporary } = begin('examples/famous-failures/etcd-stale-read.ts', '--rounds', '2')
      const { stdout, stderr, code } = await ended(child)
      expect(code, stderr).toBe(0)
      const [, major, minor, patch] = /^etcd (\d+)\.(\d+)\.(\d+)/.exec(stdout)!.map(Number)
      const mendedFrom =
        new Map([
          [4, 42],
          [5, 28],
          [6, 9],
        ]).get(minor!) ?? 0
      if (major === 3 && patch! < mendedFrom)
        expect(stdout).toMatch(/stale in [12] of 2 rounds[\s\S]*^invalid: /m)
      else expect(stdout).toMatch(/stale in 0 of 2 rounds[\s\S]*^valid: /m)
      expectNothingLeft(temporary)
    })

    test('gives a lock to a second process rightly, and only a fencing token stops the first one', async () => {
      const script = 'examples/famous-failures/etcd-lock.ts'
      const without = begin(script, '--rounds', '1')
      const fenced = begin(script, '--rounds', '1', '--fence')
      const [first, second] = await Promise.all([ended(without.child), ended(fenced.child)])
      expect([first.code, second.code], first.stderr + second.stderr).toEqual([0, 0])
      expect(first.stdout).toMatch(/^two holders at work in 1 of 1 rounds: [1-9]/m)
      expect(first.stdout).toMatch(/^invalid: .*stale tokens? accepted/m)
      expect(second.stdout).toMatch(/^two holders at work in 0 of 1 rounds: 0 late uses accepted, [1-9]/m)
      expect(second.stdout).toMatch(/^valid: /m)
      expectNothingLeft(without.temporary)
      expectNothingLeft(fenced.temporary)
    })
  },
)
