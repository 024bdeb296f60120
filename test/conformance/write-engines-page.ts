// `node bin/run.js test/conformance/write-engines-page.ts [--only remote]` writes docs/engines.md; with --only it just says.
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { etcdPrograms } from '../engines/etcd-cluster.ts'
import { type EngineRun, renderEnginesPage } from './engines-page.ts'
import { embeddedGround } from './grounds/embedded-ground.ts'
import { etcdGround } from './grounds/etcd-ground.ts'
import type { Ground } from './grounds/ground.ts'
import { referenceGround } from './grounds/reference-ground.ts'
import { remoteGround } from './grounds/remote-ground.ts'
import { simulatedGround } from './grounds/simulated-ground.ts'

const page = fileURLToPath(new URL('../../docs/engines.md', import.meta.url))
const etcdProgram = etcdPrograms[0]

const grounds: Readonly<Record<string, () => Promise<Ground>>> = {
  reference: referenceGround,
  simulated: simulatedGround,
  embedded: embeddedGround,
  remote: remoteGround,
  ...(etcdProgram !== undefined && { etcd: () => etcdGround(etcdProgram) }),
}

const { values: options } = parseArgs({ options: { only: { type: 'string', multiple: true } } })
const runs: EngineRun[] = []
for (const [name, open] of Object.entries(grounds)) {
  if (options.only === undefined || options.only.includes(name)) runs.push(await run(name, open))
}
const failed = runs.flatMap(({ results }) => results.filter(({ verdict }) => verdict === 'failed'))
if (options.only === undefined) {
  if (etcdProgram === undefined) {
    throw new Error('no etcd was found, and the page is about it too: install one, or name it in ETCD')
  }
  writeFileSync(page, renderEnginesPage(runs))
  say(`wrote ${page}`)
}
process.exitCode = failed.length === 0 ? 0 : 1

async function run(name: string, open: () => Promise<Ground>): Promise<EngineRun> {
  const startedMs = performance.now()
  const ground = await open()
  try {
    const results = await ground.run({
      onResult: (result) => {
        if (result.verdict !== 'ok') say(`${name}: ${result.name}: ${result.verdict}, ${result.reason}`)
      },
    })
    const ok = results.filter(({ verdict }) => verdict === 'ok').length
    const tookSeconds = ((performance.now() - startedMs) / 1_000).toFixed(1)
    say(`${name}: ${ok} of ${results.length} cases hold (${tookSeconds} s)`)
    const slowest = [...results].sort((left, right) => right.tookMs - left.tookMs).slice(0, 3)
    for (const { name: slow, tookMs } of slowest) say(`  ${(tookMs / 1_000).toFixed(1)} s  ${slow}`)
    const { engine, description, guarantees } = ground
    return { engine, description, guarantees, results }
  } finally {
    await ground.close()
  }
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
