/**
 * The benchmarks: `npm run bench -- --help` says how to run them, docs/benchmarks.md what they measure.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Benchmark, CannotRun, type Report } from './benchmarks/benchmark.ts'
import { benchmarkNames, loadBenchmark } from './benchmarks/catalogue.ts'
import { HELP, type Options, readOptions } from './options.ts'

const EXIT_USAGE = 64
const EXIT_UNAVAILABLE = 3
const EXIT_BUG = 70
const EXIT_INTERRUPTED = 130

async function main(args: readonly string[]): Promise<number> {
  let options: Options
  try {
    options = readOptions(args, benchmarkNames)
  } catch (error) {
    progress(error instanceof Error ? error.message : String(error))
    return EXIT_USAGE
  }
  if (options.help) {
    process.stdout.write(HELP)
    return 0
  }
  const directory = mkdtempSync(join(options.directory ?? tmpdir(), 'dure-bench-'))
  // Ending the process ends its children, whose exit handlers kill by process id.
  const removeDirectory = () => rmSync(directory, { recursive: true, force: true, maxRetries: 3 })
  process.once('exit', removeDirectory)
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => process.exit(EXIT_INTERRUPTED))

  const reports: Report[] = []
  let exitCode = 0
  for (const name of options.benchmarks) {
    try {
      const benchmark: Benchmark = await loadBenchmark(name)
      const report = await benchmark({ ...options.settings, directory: join(directory, name), progress })
      reports.push(report)
      if (!options.json) process.stdout.write(`## ${name}\n\n${report.text}\n\n`)
    } catch (error) {
      exitCode = error instanceof CannotRun ? EXIT_UNAVAILABLE : EXIT_BUG
      progress(`${name}: ${error instanceof CannotRun ? error.message : describe(error)}`)
    }
  }
  const result = JSON.stringify({ machine: machine(), settings: options.settings, reports }, undefined, 2)
  if (options.json) process.stdout.write(`${result}\n`)
  if (options.output !== undefined) writeFileSync(options.output, `${result}\n`)
  return exitCode
}

function progress(line: string): void {
  process.stderr.write(`${line}\n`)
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? '' : `\ncaused by: ${describe(error.cause)}`
  return `${error.stack ?? error.message}${cause}`
}

/** Figures mean little without it. */
function machine(): object {
  const processors = cpus()
  return {
    cores: processors.length,
    processor: processors[0]?.model.trim() ?? 'unknown',
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
  }
}

process.exitCode = await main(process.argv.slice(2))
