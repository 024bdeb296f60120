import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { runInProcess } from '../../src/cli/testing/run-in-process.ts'

const directory = mkdtempSync(join(tmpdir(), 'dure-our-node-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** Five processes with disks of their own, where everything is tested; on virtual time always. */
test.runIf(process.env.DURE_REQUIRE_ENGINES !== undefined).for(['lin-kv', 'txn-list-append'])(
  'our own store passes %s under cuts, kills and pauses, as processes',
  async (workload) => {
    const { code, stdout } = await runInProcess([
      ...[
        'maelstrom',
        'test',
        '--workload',
        workload,
        '--bin',
        process.execPath,
        '--json',
        '--store',
        directory,
      ],
      ...['--time-limit', '6', '--rate', '50', '--concurrency', '2n', '--nemesis', 'partition,kill,pause'],
      ...['--', resolve('src/cli/main.ts'), 'maelstrom', 'node'],
    ])
    const { verdict, summary, problems, availability } = JSON.parse(stdout)
    expect([code, verdict, problems, summary]).toEqual([0, 'valid', [], summary])
    expect(availability.found).toBeGreaterThan(0.1)
  },
)
