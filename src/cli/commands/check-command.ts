import { availableParallelism } from 'node:os'
import { type Command, Option } from 'commander'
import { checkNames } from '../../proof/verify/catalogue/checks.ts'
import { listChecks, listSettings } from '../../proof/verify/catalogue/named-check.ts'
import type { HistoryValue } from '../../proof/verify/history/event.ts'
import { type HistoryFormat, historyFormats } from '../../proof/verify/history/format/history-format.ts'
import {
  consistencyModels,
  isRefutedOnly,
} from '../../proof/verify/transactions/consistency/consistency-model.ts'
import type { Verdict } from '../../proof/verify/verdict/verdict.ts'
import type { CheckJob } from '../check/check-job.ts'
import type { CheckedHistory } from '../check/checked-history.ts'
import { historyInput } from '../check/history-input.ts'
import { historyValue, setting } from '../check/option-values.ts'
import { renderVerdict } from '../check/render-verdict.ts'
import { runCheck } from '../check/run-check.ts'
import { verdictJson } from '../check/verdict-json.ts'
import { type CommandContext, writeData, writeJson } from '../command-context.ts'
import { exitCodes } from '../exit-code.ts'
import type { GlobalOptions } from '../options.ts'
import { formatDuration } from '../output/format.ts'
import { Progress } from '../output/progress.ts'
import { wrap } from '../output/wrap.ts'
import { wholeNumber } from '../parse/arguments.ts'
import { withExamples } from './examples.ts'

interface CheckOptions {
  readonly model?: string
  readonly consistency?: string
  readonly format?: HistoryFormat
  readonly initial?: HistoryValue
  readonly nilRead?: 'absent' | 'any'
  readonly option?: Readonly<Record<string, HistoryValue>>
  readonly timeLimit: number
  readonly memory: number
  readonly jobs?: number
  readonly json?: boolean
}

/** Long enough for what can be decided, short enough to wait for. */
const TIME_LIMIT_SECONDS = 60
const MEMORY_MIB = 1_024
const MIB = 2 ** 20
const COLUMNS = 80
/** Only then is there something to say while it goes on. */
const QUIET_MS = 1_000
const REDRAW_MS = 100

export function addCheckCommand(program: Command, context: CommandContext): void {
  const formats = historyFormats.map(({ name }) => name)
  withExamples(program.command('check <file>'), [
    ['dure check history.edn --model cas-register', 'a register: read, written, compared and set'],
    ['dure check txns.json --model list-append --consistency serializable', ''],
    ['dure check bank.edn --model bank', 'transfers: does the total stay?'],
    ['dure check r.txt --format isolation --consistency causal', 'the format says which check it is'],
    ['zcat run.jsonl.gz | dure check - --model register', 'from stdin'],
  ])
    .description('a verdict on a recorded history, of any tool: exit code 0 valid, 1 invalid, 2 unknown')
    .configureHelp({ showGlobalOptions: false, optionDescription })
    .addHelpText(
      'after',
      () =>
        `\nModels:${listChecks()}\n\nTheir own options, for --option:${listSettings()}\n\n${formatsHelp}\n\n${levelsHelp()}`,
    )
    .addOption(
      new Option('--model <name>', 'what the history is of, see below').choices(checkNames).argParser(asItIs),
    )
    .addOption(
      new Option('--consistency <level>', 'what transactions claim: serializable unless said')
        .choices(consistencyModels)
        .argParser(asItIs),
    )
    .addOption(
      new Option('--format <name>', 'how the file is written; told by its beginning unless said').choices(
        formats,
      ),
    )
    .option(
      '--initial <value>',
      'what was there at first: 0, nil, "text"; as the tool that recorded it does unless said',
      historyValue,
    )
    .addOption(
      new Option('--nil-read <meaning>', 'what a read of nil says; as the tool does unless said').choices([
        'absent',
        'any',
      ]),
    )
    .option('--option <name=value>', 'an option of the model, see below; may be repeated', setting)
    .option(
      '--time-limit <seconds>',
      'then the answer is unknown',
      wholeNumber(1, 86_400),
      TIME_LIMIT_SECONDS,
    )
    .option('--memory <mebibytes>', 'what the checker may hold', wholeNumber(16, 1 << 20), MEMORY_MIB)
    .option('--jobs <count>', 'threads; one for each core unless said', wholeNumber(1, 64))
    .option('--json', 'answer in JSON')
    .action((file, own, command: Command) => check(context, file, withGlobals(own, command)))
}

const formatsHelp = [
  'Formats:',
  ...historyFormats.map(({ name, description }) => `  ${name.padEnd(11)}  ${description}`),
].join('\n')

const levelsHelp = (): string => {
  const refuted = consistencyModels.filter(isRefutedOnly)
  const decided = consistencyModels.filter((model) => !isRefutedOnly(model))
  return [
    ['Levels:', ...wrap(decided.join(', '), COLUMNS)].join('\n  '),
    [
      'Refuted by what rules them out, never confirmed but by a stronger level:',
      ...wrap(refuted.join(', '), COLUMNS),
    ].join('\n  '),
  ].join('\n\n')
}

/** Choices stand in lists of their own where they are many. */
function optionDescription({ description, argChoices, defaultValue }: Option): string {
  if (argChoices !== undefined && argChoices.length === 2) return `${description} (${argChoices.join(', ')})`
  return defaultValue === undefined ? description : `${description} (${defaultValue} unless said)`
}

/** What is not known is refused by the check itself, with a list of what is. */
const asItIs = (text: string): string => text

/** Most options of the program are about clusters: only these two mean something here. */
function withGlobals(own: CheckOptions, command: Command): CheckOptions {
  const program = command.parent!
  const { json, consistency } = program.opts<GlobalOptions>()
  const isSaid = program.getOptionValueSource('consistency') === 'cli'
  return { ...own, ...(json && { json }), ...(isSaid && { consistency }) }
}

async function check(context: CommandContext, file: string, options: CheckOptions): Promise<void> {
  const { shell, styles } = context
  const input = await historyInput(file, shell.stdin)
  const { model, consistency, initial, nilRead, option: settings } = options
  const job: CheckJob = {
    input,
    format: options.format,
    request: {
      ...(model !== undefined && { model }),
      ...(consistency !== undefined && { consistency }),
      ...(initial !== undefined && { initial }),
      ...(nilRead !== undefined && { nilRead }),
      ...(settings !== undefined && { settings }),
    },
    limits: { memoryBytes: options.memory * MIB, deadlineMs: Date.now() + options.timeLimit * 1_000 },
    threads: options.jobs ?? availableParallelism(),
  }
  const checked = await checkWithProgress(context, job)
  context.exitCode = exitCodeFor[checked.result.verdict]
  if (options.json) return writeJson(context, verdictJson(checked))
  const columns = shell.stdout.columns ?? COLUMNS
  await writeData(context, renderVerdict(checked, { style: styles.stdout, columns }))
}

/** Says how long it goes on, on a terminal, once that is long. */
async function checkWithProgress({ shell }: CommandContext, job: CheckJob): Promise<CheckedHistory> {
  const progress = new Progress(shell.stderr)
  const beganMs = performance.now()
  const ticking = setInterval(() => {
    const tookMs = performance.now() - beganMs
    if (!shell.stderr.isTTY || tookMs < QUIET_MS) return
    progress.update(() => `checking ${job.input.source}: ${formatDuration(tookMs)}`)
  }, REDRAW_MS)
  try {
    return await runCheck(job, shell.interrupted)
  } finally {
    clearInterval(ticking)
    progress.abandon()
  }
}

const exitCodeFor: Readonly<Record<Verdict, number>> = {
  valid: exitCodes.fine,
  invalid: exitCodes.no,
  unknown: exitCodes.undecided,
}
