import type { Command } from 'commander'
import { DureError } from '../../foundation/errors.ts'
import {
  learnersOf,
  observeNodes,
  overviewColumns,
  overviewRow,
  overviewSummary,
} from '../cluster/overview.ts'
import { type CommandContext, writeData, writeJson } from '../command-context.ts'
import { type GlobalOptions, localCluster } from '../options.ts'
import { renderTable } from '../output/table.ts'
import { withExamples } from './examples.ts'

export function addStatusCommand(program: Command, context: CommandContext): void {
  withExamples(program.command('status'), [
    ['dure status', ''],
    ['dure status --json', 'everything each node says of itself'],
  ])
    .description('who leads, who lags, who is dead, paused or cut off')
    .action((_own, command) => status(context, command.optsWithGlobals()))
}

/** A node that is up answers at once. */
const STATUS_TIMEOUT_MS = 1_000

async function status(context: CommandContext, options: GlobalOptions): Promise<void> {
  const { directory, nodes } = localCluster(options, 'status')
  const found = await observeNodes(directory, nodes, Math.min(options.timeoutMs, STATUS_TIMEOUT_MS))
  const isAnyone = found.some(({ status, process }) => status !== null || process !== 'unknown')
  if (!isAnyone) {
    const advice = 'start it with `npm start` or `dure up`'
    throw new DureError('unavailable', `no node of the cluster in ${options.directory} answers: ${advice}`)
  }
  if (options.json) return writeJson(context, { nodes: found })
  const learners = learnersOf(found)
  const rows = found.map((node) => overviewRow(node, learners))
  const table = renderTable(overviewColumns, rows, context.styles.stdout)
  await writeData(context, table)
  context.shell.stderr.write(`\n${context.styles.stderr('quiet', overviewSummary(found))}\n`)
}
