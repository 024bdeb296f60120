import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { waitFor } from '../../fixture/wait-for.ts'
import { type Ran, runInProcess } from '../testing/run-in-process.ts'

const directory = mkdtempSync(join(tmpdir(), 'dure-maelstrom-test-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const program = resolve('src/cli/maelstrom/testing/program-process.ts')
let stores = 0

interface Tested extends Ran {
  readonly store: string
}

async function maelstrom(
  options: readonly string[],
  words: readonly string[],
  {
    store = join(directory, String(stores++)),
    interrupted,
  }: { readonly store?: string; readonly interrupted?: AbortSignal } = {},
): Promise<Tested> {
  const ran = await runInProcess(
    ['maelstrom', 'test', ...options, '--store', store, '--', ...words],
    interrupted === undefined ? {} : { interrupted },
  )
  return { ...ran, store }
}

/** Of a program of ours; `sh` notes which process it is. */
const noted = (name: string): readonly [options: string[], words: string[]] => [
  ['--bin', 'sh', '--node-count', '3', '--rate', '50', '-w', name],
  ['-c', `echo $$ > $DURE_NODE_DIRECTORY/pid; exec "${process.execPath}" "${program}" ${name}`],
]

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe.concurrent('dure maelstrom test', () => {
  it('keeps what happened, so that it can be checked again', async () => {
    const [options, words] = noted('lin-kv')
    const { code, stdout, stderr, store } = await maelstrom(
      [
        ...options,
        '--time-limit',
        '2',
        '--nemesis',
        'kill,pause',
        '--nemesis-interval',
        '0.4',
        '--json',
        '--seed',
        '7',
      ],
      words,
    )
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^lin-kv on 3 nodes, seed 7\n/)])
    const run = join(store, readlinkSync(join(store, 'latest')))
    const results = JSON.parse(stdout)
    const { directory: _, ...recorded } = results
    expect(recorded).toMatchObject(JSON.parse(readFileSync(join(run, 'results.json'), 'utf8')))
    expect(results).toMatchObject({
      verdict: 'valid',
      seed: 7,
      calls: { read: { acknowledged: expect.any(Number) } },
      messages: { clients: { sent: expect.any(Number) } },
      faults: { kill: expect.any(Number), pause: expect.any(Number) },
      problems: [],
      replayCommand: expect.stringMatching(
        /^dure maelstrom test --workload lin-kv --bin sh .* --seed 7 -- -c 'echo/,
      ),
    })
    expect(readFileSync(join(run, 'index.html'), 'utf8')).toContain('lin-kv')
    expect(readdirSync(join(run, 'node-logs'))).toEqual(['n1.log', 'n2.log', 'n3.log'])
    for (const file of ['history.jsonl', 'history.edn']) {
      const again = await runInProcess(['check', join(run, file), '--model', 'cas-register'])
      expect([file, again.code, again.stdout.slice(0, 5)]).toEqual([file, 0, 'valid'])
    }
    const again = await runInProcess(['test', '--check', run, '--json'])
    expect([again.code, JSON.parse(again.stdout)]).toEqual([0, results])
    const messages = readFileSync(join(run, 'messages.jsonl'), 'utf8').trim().split('\n')
    expect(JSON.parse(messages[0]!)).toMatchObject({ event: 'sent', dest: 'n1', body: { type: 'init' } })
  })

  it('leaves no process behind, even when it is interrupted in the middle of a fault', async () => {
    const [options, words] = noted('echo')
    const interrupted = new AbortController()
    const faults = ['--nemesis', 'pause', '--nemesis-interval', '0.2', '--time-limit', '60', '--log-stderr']
    const store = join(directory, 'interrupted')
    const running = maelstrom([...options, ...faults], words, { store, interrupted: interrupted.signal })
    await waitFor('a node that is paused', 20_000, async () => {
      const said = readFileSync(join(store, readlinkSync(join(store, 'latest')), 'history.jsonl'), 'utf8')
      return said.includes('begin-pause') || undefined
    })
    interrupted.abort()
    const { code } = await running
    expect(code).toBe(130)
    const data = join(store, readlinkSync(join(store, 'latest')), 'node-data')
    const processes = ['n1', 'n2', 'n3'].map((node) => Number(readFileSync(join(data, node, 'pid'), 'utf8')))
    expect(processes.filter(isRunning)).toEqual([])
  })

  it.for<[what: string, script: string, told: RegExp]>([
    [
      'ends',
      'read line; echo "no module named json" >&2; exit 3',
      /^invalid {2}n1 ended with exit code 3: it should run until.*the last it wrote to stderr, in .*n1\.log:.*\| no module named json/ms,
    ],
    [
      'writes what is no message',
      'echo "Listening on port 8080"; cat > /dev/null',
      /^invalid {2}n1 wrote to stdout what cannot be taken: it is not JSON.*it wrote +Listening on port 8080.*expected +\{"src": "n1"/ms,
    ],
  ])('says what a program did that %s', async ([, script, told]) => {
    const { code, stdout } = await maelstrom(
      ['--bin', 'sh', '--node-count', '1', '-w', 'echo'],
      ['-c', script],
    )
    expect(code).toBe(1)
    expect(stdout).toMatch(told)
  })

  it('says what is wrong with the way it is called', async () => {
    const file = join(directory, 'plain.py')
    writeFileSync(file, '')
    const asked: readonly (readonly [readonly string[], RegExp])[] = [
      [['--bin', './nothing.py'], /there is no such file/],
      [['--bin', file], /chmod \+x/],
      [['--bin', 'no-such-program'], /no command is called that: give the path/],
      [['--bin', 'package.json'], /for the one that is here give \.\/package\.json/],
      [['--bin', directory], /which is a directory/],
      [['--bin', 'sh', '-w', 'lin-tv'], /lin-tv.*use echo, unique-ids/],
      [['--bin', 'sh', '--nemesis', 'fire'], /"fire" is no kind of fault/],
      [['--bin', 'sh', '--concurrency', 'n4'], /10, 4n/],
      [['--bin', 'sh', '-w', 'broadcast', '--concurrency', '2'], /reads every node in the end/],
      [['--bin', 'sh', '--topology', 'ring'], /no topology is called "ring"/],
      [['--bin', 'sh', '--availability', 'all'], /total, or a part/],
      [[], /--bin/],
    ]
    for (const [options, told] of asked) {
      const { code, stderr } = await maelstrom(options, [])
      expect([options, code, stderr]).toEqual([options, 64, expect.stringMatching(told)])
    }
  })
})
