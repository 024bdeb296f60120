import type { Command } from 'commander'
import type { NodeStatus } from '../../engines/embedded/status.ts'
import { DureError } from '../../foundation/errors.ts'
import type { NodeAddress } from '../cluster/layout.ts'
import { NodeHttp } from '../cluster/node-http.ts'
import { type CommandContext, say, writeJson } from '../command-context.ts'
import { type GlobalOptions, localCluster } from '../options.ts'
import { askSupervisor } from '../supervisor/control-client.ts'
import { withExamples } from './examples.ts'

/** Between two nodes: a long log to replay and catch up with. */
const CATCH_UP_MS_MAX = 60_000
const POLL_INTERVAL_MS = 50
const STATUS_TIMEOUT_MS = 1_000
/** A node this many entries behind the leader holds nobody up. */
const LAG_MAX = 1_000

export function addRestartCommand(program: Command, context: CommandContext): void {
  withExamples(program.command('restart'), [
    ['dure restart --rolling', 'a new version, a new option: no request of a client that retries fails'],
  ])
    .description('restart all nodes, one after another, each once the one before has caught up')
    .requiredOption('--rolling', 'one at a time: leadership is handed over, and a majority is always there')
    .action((_own, command) => restart(context, command.optsWithGlobals()))
}

/** The leader last, so that leadership moves once. */
async function restart(context: CommandContext, options: GlobalOptions): Promise<void> {
  const { directory, nodes } = localCluster(options, 'restart')
  await untilHealthy(nodes, context)
  const leader = await leaderOf(nodes)
  const order = [
    ...nodes.filter(({ node }) => node !== leader),
    ...nodes.filter(({ node }) => node === leader),
  ]
  for (const [i, { node }] of order.entries()) {
    await askSupervisor(directory, { command: 'restart', node })
    await untilHealthy(nodes, context)
    if (!options.json)
      say(context, `node ${node} ${context.styles.stderr('good', 'is back')}, ${i + 1} of ${order.length}`)
  }
  if (options.json) await writeJson(context, { restarted: order.map(({ node }) => node) })
}

/** All answer, agree on who leads, and hold nearly all that is committed: one may go. */
async function untilHealthy(nodes: readonly NodeAddress[], { shell }: CommandContext): Promise<void> {
  const deadlineMs = performance.now() + CATCH_UP_MS_MAX
  for (;;) {
    const problem = problemOf(nodes, await statuses(nodes))
    if (problem === undefined) return
    if (shell.interrupted.aborted) throw new DureError('aborted', `interrupted while ${problem}`)
    if (performance.now() >= deadlineMs) {
      throw new DureError(
        'unavailable',
        `asked to restart the nodes one by one, but after ${CATCH_UP_MS_MAX / 1_000} s ${problem}: no further node was touched; look at it with dure status, and ask again`,
      )
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL_MS))
  }
}

function problemOf(nodes: readonly NodeAddress[], found: readonly NodeStatus[]): string | undefined {
  const silent = nodes.filter(({ node }) => !found.some(({ node_id }) => node_id === node))
  if (silent.length > 0) return `node ${silent.map(({ node }) => node).join(', ')} does not answer`
  const leaders = new Set(found.map(({ leader_id }) => leader_id))
  if (leaders.size !== 1 || leaders.has(null)) return 'the nodes do not agree on a leader'
  const committed = Math.max(...found.map(({ commit_index }) => commit_index))
  const slow = found.find(({ applied_index }) => committed - applied_index > LAG_MAX)
  if (slow !== undefined) return `node ${slow.node_id} is ${committed - slow.applied_index} entries behind`
  const lonely = found.find(({ unreachable }) => unreachable.length > 0)
  if (lonely !== undefined)
    return `node ${lonely.node_id} does not reach node ${lonely.unreachable.join(', ')}`
  return undefined
}

async function statuses(nodes: readonly NodeAddress[]): Promise<readonly NodeStatus[]> {
  const answers = await Promise.all(
    nodes.map(({ node, http }) =>
      new NodeHttp(node, http, STATUS_TIMEOUT_MS).status().catch(() => undefined),
    ),
  )
  return answers.filter((status) => status !== undefined)
}

async function leaderOf(nodes: readonly NodeAddress[]): Promise<number | undefined> {
  return (await statuses(nodes)).find(({ state }) => state === 'leader')?.node_id
}
