import { Command, CommanderError } from 'commander'
import { DureError } from '../foundation/errors.ts'
import { type CommandContext, say } from './command-context.ts'
import { addBackupCommand } from './commands/backup-command.ts'
import { addCheckCommand } from './commands/check-command.ts'
import { addCompleteCommand } from './commands/complete-command.ts'
import { addConformanceCommand } from './commands/conformance-command.ts'
import { renderExamples } from './commands/examples.ts'
import { addImportCommand } from './commands/import-command.ts'
import { addKeyCommands } from './commands/key-commands.ts'
import { addMaelstromCommand } from './commands/maelstrom-command.ts'
import { addMemberCommand } from './commands/member-command.ts'
import { addNodeCommands } from './commands/node-commands.ts'
import { addPartitionCommands } from './commands/partition-commands.ts'
import { addRecoverCommand } from './commands/recover-command.ts'
import { addRestartCommand } from './commands/restart-command.ts'
import { addRestoreCommand } from './commands/restore-command.ts'
import { addSimulateCommand } from './commands/simulate-command.ts'
import { addStatusCommand } from './commands/status-command.ts'
import { addTestCommand } from './commands/test-command.ts'
import { addUpCommand } from './commands/up-command.ts'
import { addWatchCommand } from './commands/watch-command.ts'
import { exitCodeOf, exitCodes } from './exit-code.ts'
import { addGlobalOptions } from './options.ts'
import { styleFor } from './output/style.ts'
import type { Shell } from './shell.ts'

/**
 * Runs a command line and answers with its exit code. Data goes to the shell's stdout, all else to its stderr.
 *
 * ```ts
 * process.exitCode = await runCommandLine(['status', '--json'], shell, '1.0.0')
 * ```
 */
export async function runCommandLine(
  args: readonly string[],
  shell: Shell,
  version: string,
): Promise<number> {
  const styles = { stdout: styleFor(shell.stdout, shell.env), stderr: styleFor(shell.stderr, shell.env) }
  const context: CommandContext = { shell, styles, exitCode: exitCodes.fine }
  const program = createProgram(context, version)
  try {
    await program.parseAsync(args, { from: 'user' })
    return context.exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.fine : exitCodes.usage
    // What failed because of Ctrl-C failed as it should.
    if (shell.interrupted.aborted) return exitCodes.interrupted
    reportError(context, args, error)
    return exitCodeOf(error)
  }
}

function createProgram(context: CommandContext, version: string): Command {
  const { shell, styles } = context
  const program = new Command('dure')
    .description('Distributed building blocks, with the guarantee written on each one and a way to prove it.')
    .version(version, '-v, --version', 'print the version')
    .helpOption('-h, --help', 'print this')
    .addHelpText('before', `${renderExamples(examples)}\n`)
    .addHelpText('after', `\n${exitCodesHelp}`)
    .configureHelp({ showGlobalOptions: true, styleTitle: (title) => styles.stderr('strong', title) })
    .configureOutput({
      writeOut: (text) => shell.stdout.write(text),
      writeErr: (text) => shell.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, `${styles.stderr('bad', 'error')}  `)),
      getOutHelpWidth: () => Math.min(shell.stdout.columns ?? 110, 110),
      getOutHasColors: () => false,
    })
    .showHelpAfterError('(dure --help shows examples)')
    .addHelpCommand(
      new Command('help').argument('[command]').description('print the help of a command').helpGroup('More:'),
    )
    .exitOverride()
  addGlobalOptions(program)
  program.commandsGroup('A cluster on this machine:')
  addUpCommand(program, context)
  addStatusCommand(program, context)
  addMemberCommand(program, context)
  addRestartCommand(program, context)
  addRecoverCommand(program, context)
  program.commandsGroup('Keys and values:')
  addKeyCommands(program, context)
  addWatchCommand(program, context)
  addImportCommand(program, context)
  program.commandsGroup('Backups:')
  addBackupCommand(program, context)
  addRestoreCommand(program, context)
  program.commandsGroup('Bad days, on purpose:')
  addPartitionCommands(program, context)
  addNodeCommands(program, context)
  program.commandsGroup('Proof:')
  addTestCommand(program, context)
  addSimulateCommand(program, context)
  addCheckCommand(program, context)
  addMaelstromCommand(program, context)
  addConformanceCommand(program, context)
  addCompleteCommand(program)
  return program
}

const examples = [
  ['dure up', 'five nodes on this machine'],
  ['dure status', 'who leads, who lags, who is cut off'],
  [`dure put city:seoul '{"population":9602000}'`, ''],
  ['dure get city:seoul --json', ''],
  ['dure list "KR/" --limit 20', ''],
  ['dure watch "KR/"', 'every change, as it happens'],
  ['dure partition --split "1,2|3,4,5"', 'cut the cluster in two, until dure heal'],
  ['dure member add 6', 'then member promote 6, member remove 2'],
  ['dure kill 3', 'and dure start 3'],
  ['dure simulate --seeds 100', 'a hundred simulated clusters, one verdict'],
  ['dure test --workload bank', 'real processes, real faults, a verdict'],
  ['dure check history.edn --model register', 'a verdict on what clients saw, of any tool'],
  ['dure maelstrom test --workload lin-kv --bin ./kv.py', 'a program in any language, as five nodes'],
] as const

const exitCodesHelp = [
  'Exit codes:',
  '  0 fine · 1 the answer is no (no such key, an invalid history) · 2 undecided',
  '  3 nobody could answer in time · 64 usage · 70 a bug in Dure · 130 interrupted',
].join('\n')

function reportError(context: CommandContext, args: readonly string[], error: unknown): void {
  const { styles } = context
  const isForeseen = error instanceof DureError
  if (args.includes('--json')) {
    const { code, outcome, retryable } = isForeseen
      ? error
      : { code: 'internal', outcome: 'unknown', retryable: false }
    say(context, JSON.stringify({ error: { code, outcome, retryable, message: (error as Error).message } }))
    return
  }
  if (!isForeseen) {
    say(context, `${styles.stderr('bad', 'bug')}    ${(error as Error)?.stack ?? String(error)}`)
    return
  }
  say(context, `${styles.stderr('bad', 'error')}  ${error.message}`)
  const isWrite = args.some((argument) => ['put', 'delete', 'import'].includes(argument))
  if (!isWrite || error.code === 'invalid') return
  const outcome = {
    failed: 'outcome: failed. It did not happen and will not.',
    unknown: 'outcome: unknown. It may have happened, or may happen yet: read to find out.',
  }[error.outcome]
  say(context, `       ${styles.stderr(error.outcome === 'unknown' ? 'warn' : 'quiet', outcome)}`)
}
