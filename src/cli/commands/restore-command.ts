import { resolve } from 'node:path'
import type { Command } from 'commander'
import { DureError } from '../../foundation/errors.ts'
import { NODES_MAX } from '../cluster/layout.ts'
import { type CommandContext, say, writeJson } from '../command-context.ts'
import { exitCodeOf } from '../exit-code.ts'
import type { GlobalOptions } from '../options.ts'
import { formatBytes, formatCount, formatDuration } from '../output/format.ts'
import { wholeNumber } from '../parse/arguments.ts'
import { withExamples } from './examples.ts'

interface RestoreOptions {
  readonly into: string
  readonly nodes?: number
  readonly embedded?: boolean
}

const NODES = 5

export function addRestoreCommand(program: Command, context: CommandContext): void {
  withExamples(program.command('restore <file>'), [
    ['dure restore ./snapshot.dure --into ./new', 'then: dure up --directory ./new'],
    ['dure restore ./snapshot.dure --into ./new --nodes 3', ''],
    ['dure restore ./snapshot.dure --into ./data --embedded', "then: open({ directory: './data' })"],
  ])
    .description('make the directory of a new cluster out of a backup')
    .requiredOption('--into <directory>', 'empty, or not there yet')
    .option('--nodes <number>', `how many nodes the new cluster has (${NODES})`, wholeNumber(1, NODES_MAX))
    .option('--embedded', 'for one process that opens the directory itself')
    .action((file: string, own: RestoreOptions, command) =>
      restore(context, file, own, command.optsWithGlobals()),
    )
}

async function restore(
  context: CommandContext,
  file: string,
  own: RestoreOptions,
  options: GlobalOptions,
): Promise<void> {
  if (own.embedded && (own.nodes !== undefined || options.basePort !== undefined)) {
    throw new DureError(
      'invalid',
      '--embedded makes a directory for one process: leave out --nodes and --base-port',
    )
  }
  if (options.connect !== undefined) {
    throw new DureError(
      'invalid',
      'restore makes the directory of a new cluster and asks none: leave out --connect',
    )
  }
  const { stderr } = context.styles
  const beganMs = performance.now()
  const nodes = own.nodes ?? NODES
  // It writes a store's own files: what only this command needs is loaded by it.
  const { restoreBackup } = await import('../backup/restore-backup.ts')
  const restored = await restoreBackup({
    file,
    into: resolve(own.into),
    shape: own.embedded ? 'embedded' : { nodes, basePort: options.basePort },
    signal: context.shell.interrupted,
    onVerified: ({ header, trailer, sizeBytes }) =>
      say(
        context,
        `${stderr('good', 'whole')}     ${formatBytes(sizeBytes)}, ${formatCount(trailer.rows)} rows of cluster ${header.clusterId}, taken ${new Date(header.createdAtMs).toISOString()}`,
      ),
    onDiskFailure: (error) => {
      say(context, `${stderr('bad', 'error')}  ${error.message}; nothing was left in ${own.into}`)
      process.exit(exitCodeOf(error))
    },
  })
  const tookMs = performance.now() - beganMs
  if (options.json) {
    return writeJson(context, {
      cluster_id: restored.clusterId,
      nodes: own.embedded ? 1 : nodes,
      index: restored.position.index,
      rows: restored.trailer.rows,
      took_ms: Math.round(tookMs),
    })
  }
  const what = own.embedded
    ? 'a directory for one process'
    : `cluster ${restored.clusterId} of ${nodes} nodes`
  const next = own.embedded
    ? `open({ directory: '${own.into}' })`
    : `dure up --directory ${own.into}${options.basePort === undefined ? '' : ` --base-port ${options.basePort}`}`
  say(context, `${stderr('good', 'restored')}  ${what} in ${own.into}, in ${formatDuration(tookMs)}`)
  say(context, `${stderr('quiet', 'next')}      ${next}`)
}
