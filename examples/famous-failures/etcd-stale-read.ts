/**
 * Looks for the stale linearizable read of etcd-io/etcd#20418: `node bin/run.js examples/famous-failures/etcd-stale-read.ts`.
 *
 * A member that gets no answer to its question for the read index asks again after 500 ms, with the same number (before
 * 3.4.42, 3.5.28 and 3.6.9). The leader may have answered the first question by the time the second one comes: it then
 * stands in its queue once more. An acknowledgement that was meant for the first question, and was sent when the leader
 * still was one, counts for the second; and with it all questions that stand before it in the queue are answered.
 *
 * The schedule brings these together: a slow link, a cut one way, and a leader that is paused until another one has
 * accepted a write. `--control` leaves the slow link out, so that nobody asks twice. `--gateway` reads by etcd's own JSON
 * gateway, without this library's client.
 */
import { parseArgs } from 'node:util'
import { LocalEtcd } from '../../src/cli/test/etcd/local-etcd.ts'
import { memberStatus } from '../../src/cli/test/etcd/member-status.ts'
import { etcd } from '../../src/engines/etcd/etcd.ts'
import { pause, waitFor } from '../../src/fixture/wait-for.ts'
import { text, utf8 } from '../../src/foundation/bytes.ts'
import type { KeyValueStore } from '../../src/ports/key-value/key-value-store.ts'
import { checkLinearizable } from '../../src/proof/verify/linearizability/check-linearizable.ts'
import { models } from '../../src/proof/verify/linearizability/models/models.ts'
import { SeededRandom } from '../../src/runtime/seeded-random.ts'
import { RecordedRun } from './recorded-run.ts'

/** More than the 500 ms after which a member asks again. */
const SLOW_LINK_MS = 700
/** The first question has arrived by then, and the second is not sent yet. */
const FIRST_QUESTION_MS = 200
/** The read at the old leader has come into its queue by then. */
const READ_BEGINS_MS = 150
const ELECTION_TIMEOUT_MS = 10_000
const READ_TIMEOUT_MS = 4_000
/** Until all follow the new leader, and nothing of the round is on its way. */
const CALM_MS = 2_500

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '10' },
    control: { type: 'boolean', default: false },
    gateway: { type: 'boolean', default: false },
  },
})
const rounds = Number(options.rounds)
const said = ['control', 'gateway'].filter((name) => options[name as 'control' | 'gateway'])

const run = new RecordedRun({
  name: options.control ? 'etcd-stale-read-control' : 'etcd-stale-read',
  description: 'a linearizable read at a leader that was paused while another one was elected',
  model: 'register',
  nodes: 3,
  faultKinds: ['pause', 'partition', 'packet'],
  options: { rounds, control: options.control, gateway: options.gateway },
  command: [
    'node bin/run.js examples/famous-failures/etcd-stale-read.ts',
    '--rounds',
    rounds,
    ...said.map((name) => `--${name}`),
  ].join(' '),
})
await using cluster = await LocalEtcd.start({
  nodes: 3,
  random: new SeededRandom(1),
  logDirectory: run.directory.path,
  onSurprise: (described) => run.surprises.push(described),
})
const { version } = await memberStatus(cluster.endpoints[0]!, 1_000)
console.log(`etcd ${version}, ${rounds} rounds${options.control ? ', nobody asks twice' : ''}`)

const stores = new Map<string, KeyValueStore>()
for (const [i, node] of cluster.nodes.entries()) {
  stores.set(node, await etcd({ endpoints: [cluster.endpoints[i]!] }).open())
}
const tally = { old: 0, new: 0, 'no answer': 0 }
for (let round = 0; round < rounds; round++) {
  const answer = await oneRound(round)
  tally[answer]++
  console.log(`round ${round}: after "new" was written a linearizable read answers: ${answer}`)
}
await Promise.all([...stores.values()].map((store) => store.close({ timeoutMs: 0 })))
console.log(
  `stale in ${tally.old} of ${rounds} rounds, right in ${tally.new}, no answer in ${tally['no answer']}`,
)
await run.finish((history) => checkLinearizable(history, models.register({ initial: null })))

async function oneRound(round: number): Promise<keyof typeof tally> {
  const leader = await waitFor('a leader', ELECTION_TIMEOUT_MS, () => cluster.leader())
  const [asking, other] = cluster.nodes.filter((node) => node !== leader) as [string, string]
  await write(2, round, other, 'old')

  const slow = options.control ? 0 : SLOW_LINK_MS
  run.fault('begin', 'packet', `${leader} → ${asking} takes ${slow} ms more`)
  cluster.links.delay({ from: leader, to: asking }, slow)
  // What is on its way passes first.
  await pause(slow)
  const first = read(0, round, asking)
  await pause(FIRST_QUESTION_MS)
  run.fault('begin', 'partition', `${asking} → ${leader}`)
  await cluster.cut([{ from: asking, to: leader }])
  // By now the second question waits on the way to the leader, and the acknowledgement of the first one behind it.
  await first
  run.fault('begin', 'pause', leader)
  await cluster.pause(leader)
  cluster.links.delay({ from: leader, to: asking }, 0)
  run.fault('end', 'packet', `${leader} → ${asking} takes ${slow} ms more`)
  // Nobody tells the old leader.
  await cluster.cut([
    { from: asking, to: leader },
    { from: other, to: leader },
  ])
  await write(1, round, asking, 'new')
  await cluster.resume(leader)
  run.fault('end', 'pause', leader)
  const second = read(3, round, leader)
  await pause(READ_BEGINS_MS)
  // What waited arrives, and after it the news of another leader.
  await cluster.cut([{ from: other, to: leader }])
  const found = await second
  await cluster.cut([])
  run.fault('end', 'partition', `${asking} → ${leader}`)
  await pause(CALM_MS)
  return found === 'old' || found === 'new' ? found : 'no answer'
}

function read(process: number, key: number, node: string): Promise<string | undefined> {
  return run.call({ process, f: 'read', key, value: null }, async () => {
    if (options.gateway) return readByGateway(key, node)
    const { value } = await stores.get(node)!.get(rowOf(key), { timeoutMs: READ_TIMEOUT_MS })
    return value === undefined ? '' : text(value)
  })
}

/** A linearizable read, as all are that do not ask for less. */
async function readByGateway(key: number, node: string): Promise<string> {
  const endpoint = cluster.endpoints[cluster.nodes.indexOf(node)]
  const response = await fetch(`http://${endpoint}/v3/kv/range`, {
    method: 'POST',
    body: JSON.stringify({ key: Buffer.from(rowOf(key)).toString('base64') }),
    signal: AbortSignal.timeout(READ_TIMEOUT_MS),
  })
  const { kvs } = (await response.json()) as { kvs?: readonly { value: string }[] }
  if (!response.ok) throw new Error(`status ${response.status}`)
  return kvs?.[0] === undefined ? '' : Buffer.from(kvs[0].value, 'base64').toString()
}

async function write(process: number, key: number, node: string, value: string): Promise<void> {
  const written = await run.call({ process, f: 'write', key, value }, async () => {
    await stores.get(node)!.put(rowOf(key), utf8(value), { timeoutMs: ELECTION_TIMEOUT_MS })
    return value
  })
  if (written === undefined) throw new Error(`round ${key}: ${JSON.stringify(value)} was not written`)
}

function rowOf(key: number): Uint8Array {
  return utf8(`register/${key}`)
}
