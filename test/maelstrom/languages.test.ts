import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ChildLauncher } from '../../src/cli/maelstrom/child-launcher.ts'
import { type MaelstromRun, runMaelstromTest } from '../../src/proof/maelstrom/run/run-maelstrom-test.ts'
import { maelstromWorkloads } from '../../src/proof/maelstrom/workloads/catalogue.ts'
import type { MaelstromWorkload } from '../../src/proof/maelstrom/workloads/maelstrom-workload.ts'
import { createNodeRuntime } from '../../src/runtime/node/node-runtime.ts'
import { tcpFraming } from '../../src/wire/frame/tcp-framing.ts'

/** Programs in two languages, as processes of their own: each workload acquits the right one and convicts the wrong one. */

const directory = mkdtempSync(join(tmpdir(), 'dure-languages-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** All of them where everything is tested; else one each, which shows that a language works at all. */
const isThorough = process.env.DURE_REQUIRE_ENGINES !== undefined
const hasPython = spawnSync('python3', ['--version']).status === 0
if (!hasPython) {
  if (isThorough) throw new Error('python3 is missing, and DURE_REQUIRE_ENGINES asks for everything')
  console.warn('python3 is missing: programs in Python are left out')
}

const AT_ONCE = 10

interface Program {
  readonly bin: string
  readonly args: readonly string[]
}

const pythonFiles: Readonly<Record<string, string>> = {
  echo: 'echo.py',
  'unique-ids': 'unique_ids.py',
  broadcast: 'broadcast.py',
  'g-set': 'g_set.py',
  'g-counter': 'counter.py',
  'pn-counter': 'counter.py',
  'lin-kv': 'lin_kv.py',
  'txn-list-append': 'txn.py',
  'txn-rw-register': 'txn.py',
  kafka: 'kafka.py',
}

const languages: readonly { readonly language: string; readonly programOf: (workload: string) => Program }[] =
  [
    {
      language: 'TypeScript',
      programOf: (workload) => ({
        bin: process.execPath,
        args: [resolve('src/cli/maelstrom/testing/program-process.ts'), workload],
      }),
    },
    ...(hasPython
      ? [
          {
            language: 'Python',
            programOf: (workload: string) => ({
              bin: resolve('examples/maelstrom/python', pythonFiles[workload]!),
              args: [],
            }),
          },
        ]
      : []),
  ]

let runs = 0

async function run(
  workload: MaelstromWorkload,
  { bin, args }: Program,
  isWrong: boolean,
): Promise<MaelstromRun> {
  const path = join(directory, String(runs++))
  const launcher = new ChildLauncher({
    bin,
    args: [...args, ...(isWrong ? ['--wrong'] : [])],
    logDirectory: join(path, 'node-logs'),
    dataDirectory: join(path, 'node-data'),
  })
  const runtime = await createNodeRuntime({
    directory: path,
    network: { framing: tcpFraming, clusterId: 'maelstrom', nodeId: 0 },
  })
  try {
    return await runMaelstromTest(runtime, launcher, {
      workload,
      nodeCount: 3,
      workers: 6,
      ratePerSecond: 100,
      timeLimitMs: 4_000,
      timeoutMs: 1_000,
      latencyMs: 5,
      distribution: 'exponential',
      topology: 'line',
      consistencyModels: ['strict-serializable'],
      crashClients: true,
      faults: { kinds: ['partition'], everyMs: 500, forMs: 500 },
      settleMs: 2_000,
      seed: 1,
    })
  } finally {
    launcher.close()
    await runtime.close()
  }
}

const chosen = maelstromWorkloads.filter(({ name }) => isThorough || name === 'lin-kv')

const cases = languages.flatMap(({ language, programOf }) =>
  chosen.flatMap((workload) =>
    [false, true].map((isWrong) => ({
      told: `${isWrong ? 'convicts' : 'acquits'} ${workload.name} in ${language}`,
      isWrong,
      begin: () => run(workload, programOf(workload.name), isWrong),
    })),
  ),
)

describe('the runner', () => {
  const ran = new Map<string, Promise<MaelstromRun>>()

  // They wait more than they compute: many at a time.
  beforeAll(() => {
    const left = [...cases]
    const settled = new Map(cases.map(({ told }) => [told, Promise.withResolvers<MaelstromRun>()]))
    for (const [told, { promise }] of settled) {
      promise.catch(() => {})
      ran.set(told, promise)
    }
    const work = async (): Promise<void> => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        const { resolve, reject } = settled.get(next.told)!
        await next.begin().then(resolve, reject)
      }
    }
    for (let i = 0; i < AT_ONCE; i++) void work()
  })

  test.for(cases)('$told', async ({ told, isWrong }) => {
    const { verdict, summary, problems } = await ran.get(told)!
    expect(problems).toEqual([])
    expect([verdict, summary]).toEqual([isWrong ? 'invalid' : 'valid', summary])
  })
})
