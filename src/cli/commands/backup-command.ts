import type { Command } from 'commander'
import { DureError } from '../../foundation/errors.ts'
import { backupNodes } from '../backup/backup-sources.ts'
import { type BackupSummary, verifyBackup } from '../backup/read-backup.ts'
import { takeBackup } from '../backup/take-backup.ts'
import { type CommandContext, say, writeData, writeJson } from '../command-context.ts'
import { exitCodes } from '../exit-code.ts'
import type { GlobalOptions } from '../options.ts'
import { formatBytes, formatCount, formatDuration } from '../output/format.ts'
import { Progress } from '../output/progress.ts'
import { addressList } from '../parse/arguments.ts'
import { withExamples } from './examples.ts'

interface BackupOptions {
  readonly verify?: boolean
  readonly force?: boolean
  readonly http?: string[]
}

export function addBackupCommand(program: Command, context: CommandContext): void {
  withExamples(program.command('backup <file>'), [
    ['dure backup ./snapshot.dure', 'everything that was acknowledged until now; writes go on meanwhile'],
    ['dure backup ./snapshot.dure --http 10.0.0.5:8080', 'of a cluster elsewhere'],
    ['dure backup --verify ./snapshot.dure', 'reads all of a backup and says what is in it'],
  ])
    .description('bring a consistent snapshot of a live cluster into one file')
    .option('--force', 'replace the file when it is there')
    .option('--http <host:port,...>', 'ask these nodes, by their HTTP addresses', addressList)
    .option('--verify', 'take none: check the one in this file')
    .action((file: string, own: BackupOptions, command) =>
      own.verify === true
        ? verify(context, file, command.optsWithGlobals())
        : backup(context, file, own, command.optsWithGlobals()),
    )
}

async function backup(
  context: CommandContext,
  file: string,
  own: BackupOptions,
  options: GlobalOptions,
): Promise<void> {
  const { shell, styles } = context
  const progress = new Progress(shell.stderr)
  const beganMs = performance.now()
  const speed = (sizeBytes: number) =>
    `${formatBytes(sizeBytes)}, ${formatBytes(sizeBytes / Math.max(0.001, (performance.now() - beganMs) / 1_000))}/s`
  const taken = await takeBackup({
    nodes: backupNodes(options, own.http),
    path: file,
    force: own.force === true,
    timeoutMs: options.timeoutMs,
    signal: shell.interrupted,
    onProgress: (sizeBytes) => progress.update(() => `backup    ${speed(sizeBytes)}`),
    onNext: (failed, error) => {
      progress.abandon()
      say(context, `${styles.stderr('warn', 'no backup')} from ${failed.name}: ${error.message}`)
    },
  }).catch((error: unknown) => {
    progress.abandon()
    throw error
  })
  const tookMs = performance.now() - beganMs
  const { rows } = taken.trailer
  progress.finish(
    `${styles.stderr('good', 'backup')}    ${file}: ${formatCount(rows)} rows, ${speed(taken.sizeBytes)}, from ${taken.from.name} in ${formatDuration(tookMs)}`,
  )
  if (options.json) await writeJson(context, { ...json(taken), took_ms: Math.round(tookMs) })
}

async function verify(context: CommandContext, file: string, options: GlobalOptions): Promise<void> {
  let found: BackupSummary
  try {
    found = await verifyBackup(file, context.shell.interrupted)
  } catch (error) {
    if (!(error instanceof DureError) || error.code !== 'corrupt') throw error
    context.exitCode = exitCodes.no
    if (options.json) return writeJson(context, { valid: false, message: error.message })
    return say(context, `${context.styles.stderr('bad', 'not whole')}  ${error.message}`)
  }
  if (options.json) return writeJson(context, { valid: true, ...json(found) })
  const { header, trailer, sizeBytes } = found
  const { voters, learners } = header.membership
  await writeData(
    context,
    [
      `cluster     ${header.clusterId}, nodes ${[...voters, ...learners].join(', ')}`,
      `taken       ${new Date(header.createdAtMs).toISOString()} from node ${header.nodeId}, Dure ${header.version}`,
      `place       index ${formatCount(header.index)}, term ${formatCount(header.term)}`,
      `holds       ${formatCount(trailer.rows)} rows, ${formatBytes(trailer.rowBytes)}`,
      `file        ${formatBytes(sizeBytes)}, SHA-256 ${trailer.sha256}`,
      '',
    ].join('\n'),
  )
  say(context, `${context.styles.stderr('good', 'whole')}`)
}

const json = ({ header, trailer, sizeBytes }: BackupSummary) => ({
  cluster_id: header.clusterId,
  node_id: header.nodeId,
  index: header.index,
  term: header.term,
  members: [...header.membership.voters, ...header.membership.learners],
  log_time_ms: header.logTimeMs,
  version: header.version,
  created_at: new Date(header.createdAtMs).toISOString(),
  rows: trailer.rows,
  row_bytes: trailer.rowBytes,
  file_bytes: sizeBytes,
  sha256: trailer.sha256,
})
