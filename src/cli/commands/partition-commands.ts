import type { Command } from 'commander'
import type { NodeStatus } from '../../engines/embedded/status.ts'
import { DureError } from '../../foundation/errors.ts'
import { NodeHttp } from '../cluster/node-http.ts'
import { type CommandContext, say, writeJson } from '../command-context.ts'
import { type GlobalOptions, type LocalCluster, localCluster } from '../options.ts'
import { formatDuration } from '../output/format.ts'
import { blockedBySplit, parseSplit } from '../parse/split.ts'
import { withExamples } from './examples.ts'

export function addPartitionCommands(program: Command, context: CommandContext): void {
  withExamples(program.command('partition'), [
    ['dure partition --split "1,2|3,4,5"', '3, 4 and 5 go on; 1 and 2 cannot'],
    ['dure partition --split "1|2,3,4,5"', 'one node alone'],
  ])
    .description('cut the network between groups of nodes')
    .requiredOption('--split <groups>', 'nodes with commas, groups with bars: "1,2|3,4,5"')
    .action((own, command) => partition(context, own.split, command.optsWithGlobals()))

  withExamples(program.command('heal'), [['dure heal', '']])
    .description('undo every cut')
    .action((_own, command) => heal(context, command.optsWithGlobals()))
}

/** What comes of a cut shows within an election or two. */
const SETTLE_TIMEOUT_MS = 3_000
const POLL_INTERVAL_MS = 50

async function partition(context: CommandContext, split: string, options: GlobalOptions): Promise<void> {
  const cluster = localCluster(options, 'partition')
  const nodes = cluster.nodes.map(({ node }) => node)
  const groups = parseSplit(split, nodes)
  const blocked = blockedBySplit(groups)
  const beganMs = performance.now()
  const unheard = 'the others keep the cut'
  await onEveryNode(context, cluster, options, unheard, (http) => http.block(blocked.get(http.node)!))

  const majority = groups.find((group) => group.length > nodes.length / 2) ?? []
  const rest = nodes.filter((node) => !majority.includes(node))
  const settled = await settle(context, cluster, (statuses) => {
    const leader = statuses.find(({ state, node_id }) => state === 'leader' && majority.includes(node_id))
    const others = statuses.filter(({ node_id }) => rest.includes(node_id))
    return (leader !== undefined || majority.length === 0) && others.every(({ state }) => state !== 'leader')
  })
  const leader = settled.statuses.find(
    ({ state, node_id }) => state === 'leader' && majority.includes(node_id),
  )
  const tookMs = performance.now() - beganMs
  if (options.json) {
    return writeJson(context, {
      groups,
      leader: leader?.node_id ?? null,
      term: leader?.term ?? null,
      settled: settled.isSettled,
    })
  }
  const { stderr } = context.styles
  const width = Math.max(...groups.map((group) => group.join(', ').length))
  for (const group of groups) {
    const name = group.join(', ').padEnd(width)
    if (group !== majority)
      say(context, `  ${name}  ${stderr('warn', 'minority')}  accepts nothing and serves no strong read`)
    else if (leader === undefined)
      say(context, `  ${name}  ${stderr('warn', 'majority')}  has not elected a leader yet`)
    else {
      const result = `node ${leader.node_id} leads in term ${leader.term}, after ${formatDuration(tookMs)}`
      say(context, `  ${name}  ${stderr('good', 'majority')}  ${result}`)
    }
  }
}

async function heal(context: CommandContext, options: GlobalOptions): Promise<void> {
  const cluster = localCluster(options, 'heal')
  const beganMs = performance.now()
  const unheard = 'once it runs, heal again: it may keep a cut'
  await onEveryNode(context, cluster, options, unheard, (http) => http.clearFaults())
  const agree = (statuses: readonly NodeStatus[]) => {
    const leaders = new Set(statuses.map(({ leader_id }) => leader_id))
    return leaders.size === 1 && !leaders.has(null)
  }
  const { statuses, isSettled } = await settle(context, cluster, agree)
  const leader = isSettled ? statuses[0] : undefined
  if (options.json)
    return writeJson(context, {
      leader: leader?.leader_id ?? null,
      term: leader?.term ?? null,
      settled: isSettled,
    })
  const { stderr } = context.styles
  const tookMs = performance.now() - beganMs
  const result =
    leader === undefined
      ? stderr('warn', 'the nodes have not agreed on a leader yet: look again with dure status')
      : `node ${leader.leader_id} leads in term ${leader.term}, after ${formatDuration(tookMs)}`
  say(context, `${stderr('good', 'healed')}  ${result}`)
}

/**
 * Tells every node. One that cannot hear it (dead, paused) is named and left out: a cut holds as long as either side keeps it.
 */
async function onEveryNode(
  context: CommandContext,
  { nodes }: LocalCluster,
  { timeoutMs }: GlobalOptions,
  unheard: string,
  run: (http: NodeHttp) => Promise<void>,
): Promise<void> {
  const results = await Promise.allSettled(
    nodes.map(({ node, http }) => run(new NodeHttp(node, http, Math.min(timeoutMs, 2_000)))),
  )
  const reasons = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as Error] : []))
  if (reasons.length === nodes.length) {
    throw new DureError('unavailable', `no node did as asked: ${reasons[0]!.message}`, { cause: reasons[0] })
  }
  for (const { message } of reasons) say(context, context.styles.stderr('warn', `${message}; ${unheard}`))
}

/** Looks at the nodes that answer until they are as they should be. */
async function settle(
  { shell }: CommandContext,
  { nodes }: LocalCluster,
  isSettled: (statuses: readonly NodeStatus[]) => boolean,
): Promise<{ statuses: NodeStatus[]; isSettled: boolean }> {
  const deadlineMs = performance.now() + SETTLE_TIMEOUT_MS
  for (;;) {
    const answers = await Promise.all(
      nodes.map(({ node, http }) => new NodeHttp(node, http, 500).status().catch(() => undefined)),
    )
    const statuses = answers.filter((status) => status !== undefined)
    if (isSettled(statuses)) return { statuses, isSettled: true }
    if (performance.now() >= deadlineMs || shell.interrupted.aborted) return { statuses, isSettled: false }
    await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL_MS))
  }
}
