import { fork } from 'node:child_process'
import { createWriteStream, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { Porcupine, type PorcupineFile, type PorcupineForm } from '../contenders/porcupine/porcupine.ts'
import type { CheckedFile, CheckedFiles, FilesToCheck } from '../histories/check-files.ts'
import { isolationLines } from '../histories/isolation.ts'
import { listAppendLines } from '../histories/list-append.ts'
import { keyValueLines } from '../histories/registers.ts'
import { formatNumber, formatTable } from '../report/table.ts'
import type { Report, Settings } from './benchmark.ts'

const PROGRAM = fileURLToPath(new URL('../histories/check-files.ts', import.meta.url))
const TRANSACTIONS = { full: 100_000, normal: 100_000, quick: 10_000 } as const
const OPERATIONS = { full: 1_000_000, normal: 1_000_000, quick: 100_000 } as const
const ROUNDS = { full: 9, normal: 5, quick: 1 } as const
/** Of histories that take seconds. */
const ROUNDS_LONG_MAX = 3
const SEED = 1
const MIB = 2 ** 20

/** Histories of one kind, the question asked of them, and how fast the answer ought to come. */
interface Case extends Omit<FilesToCheck, 'rounds'> {
  readonly name: string
  /** For all files of the case together, read and checked, by the median; undefined when it is there for Porcupine alone. */
  readonly goalMs: number | undefined
  readonly isLong?: boolean
  /** Which of Porcupine's models it is. */
  readonly porcupine?: PorcupineForm
}

interface Measured {
  readonly name: string
  readonly files: number
  readonly verdicts: string
  readonly events: number
  readonly goalMs: number | undefined
  /** All files together: the first round of a fresh process, and the medians. */
  readonly firstMs: number
  readonly checkMs: number
  readonly totalMs: number
  readonly peakResidentBytes: number
  readonly checkerBytes: number
  readonly porcupine:
    | { readonly firstMs: number; readonly checkMs: number; readonly totalMs: number }
    | undefined
}

/**
 * The checkers on recorded histories and on generated ones, each case in a process of its own; and where Go is installed,
 * Porcupine on the same files in the same run.
 */
export async function verify(settings: Settings): Promise<Report> {
  const { directory, mode, progress } = settings
  mkdirSync(directory, { recursive: true })
  const porcupine = await buildPorcupine(directory, progress)
  const rounds = settings.rounds ?? ROUNDS[mode]
  const found: Measured[] = []
  for (const each of [...recorded(progress), ...(await generated(directory, mode))]) {
    const inRounds = { ...each, rounds: each.isLong ? Math.min(rounds, ROUNDS_LONG_MAX) : rounds }
    progress(`${each.name}: ${each.files.length} files, ${inRounds.rounds} rounds`)
    const ours = await checkInProcess(inRounds)
    const theirs =
      each.porcupine === undefined
        ? undefined
        : await porcupine?.check(each.porcupine, each.files, inRounds.rounds)
    found.push(summarize(each, ours, theirs))
    if (theirs !== undefined) compareVerdicts(ours.files, theirs, progress)
  }
  return { benchmark: 'verify', data: found, text: format(found) }
}

async function buildPorcupine(
  directory: string,
  progress: (line: string) => void,
): Promise<Porcupine | undefined> {
  const missing = Porcupine.missing()
  if (missing === undefined) {
    try {
      return await Porcupine.build(directory)
    } catch (error) {
      progress(`Porcupine could not be built and is not measured: ${(error as Error).message}`)
      return undefined
    }
  }
  progress(missing)
  return undefined
}

/** What other tools recorded, where it is on hand. */
function recorded(progress: (line: string) => void): Case[] {
  const root = join(
    process.env.DURE_EXTERNAL_DATA ?? fileURLToPath(new URL('../../../shared/data', import.meta.url)),
    'histories',
  )
  if (!existsSync(root)) {
    progress(`no recorded histories at ${root}: set DURE_EXTERNAL_DATA. Measuring generated ones alone.`)
    return []
  }
  const filesOf = (folder: string, suffix: string): string[] =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith(suffix))
      .sort()
      .map((name) => join(root, folder, name))
  return [
    {
      name: 'etcd logs, a register',
      files: filesOf('etcd-register', '.log'),
      model: 'cas-register',
      goalMs: 600,
      porcupine: 'etcd',
    },
    {
      name: 'Knossos, a register',
      files: [...filesOf('knossos/good', '.edn'), ...filesOf('knossos/bad', '.edn')],
      model: 'cas-register',
      goalMs: 100,
      porcupine: 'knossos',
    },
    ...['c10-ok.txt', 'c10-bad.txt'].map(
      (name): Case => ({
        name: `Porcupine's ${name}, 10 keys`,
        files: [join(root, 'kv', name)],
        model: 'key-value',
        goalMs: 50,
        porcupine: 'kv',
      }),
    ),
  ]
}

/** Always the same ones: they depend on the seed alone. */
async function generated(directory: string, mode: Settings['mode']): Promise<Case[]> {
  const files = {
    'list-append.jsonl': listAppendLines(TRANSACTIONS[mode], SEED),
    'isolation.txt': isolationLines(OPERATIONS[mode], SEED),
    'keys-10.edn': keyValueLines(10, 300, SEED),
    'keys-1000.edn': keyValueLines(1_000, 40, SEED),
  }
  for (const [name, lines] of Object.entries(files)) {
    await pipeline(Readable.from(lines, { highWaterMark: 1_024 }), createWriteStream(join(directory, name)))
  }
  const transactions = formatNumber(TRANSACTIONS[mode])
  return [
    {
      name: `list-append, ${transactions} transactions, serializable`,
      files: [join(directory, 'list-append.jsonl')],
      model: 'list-append',
      consistency: 'serializable',
      goalMs: 2_000,
      isLong: true,
    },
    {
      name: `${formatNumber(OPERATIONS[mode])} operations, causal`,
      files: [join(directory, 'isolation.txt')],
      model: 'isolation',
      consistency: 'causal',
      format: 'isolation',
      goalMs: 10_000,
      isLong: true,
    },
    ...[10, 1_000].map(
      (keys): Case => ({
        name: `texts under ${formatNumber(keys)} keys`,
        files: [join(directory, `keys-${keys}.edn`)],
        model: 'key-value',
        goalMs: undefined,
        isLong: true,
        porcupine: 'kv',
      }),
    ),
  ]
}

function checkInProcess(asked: FilesToCheck): Promise<CheckedFiles> {
  return new Promise((resolve, reject) => {
    const child = fork(PROGRAM, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    const killOnExit = () => child.kill('SIGKILL')
    process.prependOnceListener('exit', killOnExit)
    child.once('message', (checked) => resolve(checked as CheckedFiles))
    child.once('exit', (code) => {
      process.removeListener('exit', killOnExit)
      reject(new Error(`a process that checks histories ended with ${code}`))
    })
    child.send(asked)
  })
}

function summarize(
  { name, goalMs }: Case,
  { files, peakResidentBytes }: CheckedFiles,
  theirs: readonly PorcupineFile[] | undefined,
): Measured {
  const counts = new Map<string, number>()
  for (const { verdict } of files) counts.set(verdict, (counts.get(verdict) ?? 0) + 1)
  return {
    name,
    files: files.length,
    verdicts: [...counts].map(([verdict, count]) => `${count} ${verdict}`).join(', '),
    events: sum(files, ({ events }) => events),
    goalMs,
    ...timesOf(files),
    peakResidentBytes,
    checkerBytes: Math.max(...files.map(({ memoryBytes }) => memoryBytes)),
    porcupine: theirs === undefined ? undefined : timesOf(theirs),
  }
}

const timesOf = (files: readonly (CheckedFile | PorcupineFile)[]) => ({
  firstMs: sum(files, ({ firstMs }) => firstMs),
  checkMs: sum(files, ({ checkMs }) => checkMs),
  totalMs: sum(files, ({ totalMs }) => totalMs),
})

const sum = <Item>(items: readonly Item[], figure: (item: Item) => number): number =>
  items.reduce((total, item) => total + figure(item), 0)

/** Two checkers that disagree are worth more than any figure. */
function compareVerdicts(
  ours: readonly CheckedFile[],
  theirs: readonly PorcupineFile[],
  progress: (line: string) => void,
): void {
  for (const [at, { file, verdict }] of ours.entries()) {
    if (theirs[at]!.verdict !== verdict)
      progress(`${file}: Dure says ${verdict}, Porcupine ${theirs[at]!.verdict}`)
  }
}

function format(found: readonly Measured[]): string {
  const times = formatTable(
    [
      { title: 'histories', align: 'left' },
      { title: 'events', align: 'right' },
      { title: 'verdicts', align: 'left' },
      { title: 'first ms', align: 'right' },
      { title: 'again ms', align: 'right' },
      { title: 'check alone ms', align: 'right' },
      { title: 'goal ms', align: 'right' },
      { title: 'peak MiB', align: 'right' },
      { title: 'checker MiB', align: 'right' },
    ],
    found.map((each) => [
      each.name,
      formatNumber(each.events),
      each.verdicts,
      ...[each.firstMs, each.totalMs, each.checkMs].map(formatNumber),
      each.goalMs === undefined
        ? ''
        : `${formatNumber(each.goalMs)} ${each.totalMs <= each.goalMs ? 'met' : 'missed'}`,
      formatNumber(each.peakResidentBytes / MIB),
      formatNumber(each.checkerBytes / MIB),
    ]),
  )
  const compared = found.filter(({ porcupine }) => porcupine !== undefined)
  if (compared.length === 0) return `${times}\n\nPorcupine was not measured: it takes Go.`
  const ratio = (ours: number, theirs: number): string => `${formatNumber(ours / theirs)} ×`
  return `${times}\n\n${formatTable(
    [
      { title: 'histories', align: 'left' },
      { title: 'Porcupine first ms', align: 'right' },
      { title: 'again ms', align: 'right' },
      { title: 'check alone ms', align: 'right' },
      { title: 'Dure first', align: 'right' },
      { title: 'again', align: 'right' },
      { title: 'check alone', align: 'right' },
    ],
    compared.map(({ name, firstMs, totalMs, checkMs, porcupine }) => [
      name,
      ...[porcupine!.firstMs, porcupine!.totalMs, porcupine!.checkMs].map(formatNumber),
      ratio(firstMs, porcupine!.firstMs),
      ratio(totalMs, porcupine!.totalMs),
      ratio(checkMs, porcupine!.checkMs),
    ]),
  )}`
}
