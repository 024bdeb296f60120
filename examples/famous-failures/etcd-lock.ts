/**
 * Two holders of one etcd lock: `node bin/run.js examples/famous-failures/etcd-lock.ts`.
 *
 * A process takes the lock and works with a resource outside etcd. It is stopped with SIGSTOP for longer than its lease;
 * etcd gives the lock to another process, rightly; then the first one goes on, and does not know. `--fence` lets both
 * show their fencing token to the resource, which refuses one that is older than what it has seen. `--client dure-lease`
 * takes a lease of this library in place of etcd's lock, and asks its signal before it prepares each use.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { LocalEtcd } from '../../src/cli/test/etcd/local-etcd.ts'
import { memberStatus } from '../../src/cli/test/etcd/member-status.ts'
import { waitFor } from '../../src/fixture/wait-for.ts'
import { checkFencedMutualExclusion } from '../../src/proof/verify/checks/mutual-exclusion/check-fenced-mutual-exclusion.ts'
import { SeededRandom } from '../../src/runtime/seeded-random.ts'
import { RecordedRun } from './recorded-run.ts'

const HOLDER = fileURLToPath(new URL('./lock-holder.ts', import.meta.url))
const WAIT_MS_MAX = 30_000
/** Of each holder, before the next step. */
const USES = 5

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '10' },
    fence: { type: 'boolean', default: false },
    client: { type: 'string', default: 'etcd-lock' },
  },
})
const { client, fence } = options
const rounds = Number(options.rounds)

interface Holder {
  readonly process: number
  readonly child: ChildProcess
  token: number | undefined
  accepted: number
  /** After a newer holder had used it. */
  acceptedLate: number
  refused: number
  isOver: boolean
}

const name = `${client === 'etcd-lock' ? client : `etcd-${client}`}${fence ? '-fenced' : ''}`
const run = new RecordedRun({
  name,
  description: 'the holder of a lock is paused for longer than its lease, and goes on',
  model: 'fenced-mutual-exclusion',
  nodes: 3,
  faultKinds: ['pause'],
  options: { rounds, client, fence },
  command: `node bin/run.js examples/famous-failures/etcd-lock.ts --rounds ${rounds} --client ${client}${fence ? ' --fence' : ''}`,
})
await using cluster = await LocalEtcd.start({
  nodes: 3,
  random: new SeededRandom(1),
  logDirectory: run.directory.path,
  onSurprise: (described) => run.surprises.push(described),
})
const { version } = await memberStatus(cluster.endpoints[0]!, 1_000)
console.log(`etcd ${version}, ${rounds} rounds, ${client}, ${fence ? 'fenced' : 'no fencing token'}`)

/** By process id. */
const holders = new Map<number, Holder>()
/** That the resource was shown, and that was used whether it was shown or not. */
let [newestShown, newestUsed] = [0, 0]
/** It is used by whoever asks; with `--fence` not with a token older than one it has seen. */
const resource = createServer((request, response) => {
  const { pathname, searchParams: query } = new URL(request.url!, 'http://resource')
  const holder = holders.get(Number(query.get('holder')))!
  if (pathname === '/acquired') {
    // For the record; what decides is what comes with a use.
    holder.token = Number(query.get('token'))
    run.log.add({ process: holder.process, type: 'ok', f: 'acquire', value: holder.token })
    response.end()
    return
  }
  const about = { process: holder.process, f: 'use', value: holder.token! }
  run.log.add({ ...about, type: 'invoke' })
  const shown = query.get('token')
  if (shown !== null && Number(shown) < newestShown) {
    holder.refused++
    run.log.add({ ...about, type: 'fail', error: 'fenced' })
    response.writeHead(412).end()
    return
  }
  newestShown = Math.max(newestShown, Number(shown ?? 0))
  if (holder.token! < newestUsed) holder.acceptedLate++
  newestUsed = Math.max(newestUsed, holder.token!)
  holder.accepted++
  run.log.add({ ...about, type: 'ok' })
  response.end()
})
await new Promise<void>((resolve) => resource.listen(0, '127.0.0.1', resolve))

let [roundsWithTwo, acceptedLate, refusedLate] = [0, 0, 0]
try {
  for (let round = 0; round < rounds; round++) await oneRound(round)
} finally {
  for (const { child } of holders.values()) child.kill('SIGKILL')
  resource.closeAllConnections()
  resource.close()
}
console.log(
  `two holders at work in ${roundsWithTwo} of ${rounds} rounds: ${acceptedLate} late uses accepted, ${refusedLate} refused`,
)
await run.finish(checkFencedMutualExclusion)

async function oneRound(round: number): Promise<void> {
  const first = begin(2 * round)
  await until('the first holder to work', () => first.accepted >= USES)
  const second = begin(2 * round + 1)
  first.child.kill('SIGSTOP')
  run.fault('begin', 'pause', `holder ${first.process}`)
  await until('the second holder to work', () => second.accepted >= USES)
  first.child.kill('SIGCONT')
  run.fault('end', 'pause', `holder ${first.process}`)
  await until('the first holder to stop', () => first.isOver)
  if (first.acceptedLate > 0) roundsWithTwo++
  acceptedLate += first.acceptedLate
  refusedLate += first.refused
  console.log(
    `round ${round}: of the old holder after the new one ${first.acceptedLate} uses accepted, ${first.refused} refused`,
  )
  second.child.kill('SIGKILL')
  await until('the second holder to end', () => second.isOver)
}

function begin(process: number): Holder {
  const words = ['--endpoint', cluster.endpoints[process % 3]!, '--lock', 'the-lock', '--client', client]
  const { port } = resource.address() as AddressInfo
  const child = spawn(
    globalThis.process.execPath,
    [HOLDER, ...words, '--resource', `127.0.0.1:${port}`, ...(fence ? ['--fence'] : [])],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  )
  const holder: Holder = {
    process,
    child,
    token: undefined,
    accepted: 0,
    acceptedLate: 0,
    refused: 0,
    isOver: false,
  }
  holders.set(child.pid!, holder)
  run.log.add({ process, type: 'invoke', f: 'acquire', value: null })
  child.once('exit', () => {
    holder.isOver = true
  })
  return holder
}

function until(what: string, isSo: () => boolean): Promise<boolean> {
  return waitFor(what, WAIT_MS_MAX, async () => isSo() || undefined)
}
