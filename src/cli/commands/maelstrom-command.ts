import { type Command, Option } from 'commander'
import { latencyDistributions } from '../../proof/maelstrom/network/latency.ts'
import { topologyNames } from '../../proof/maelstrom/network/topology.ts'
import { workloadDescriptions } from '../../proof/maelstrom/workloads/described.ts'
import type { CommandContext } from '../command-context.ts'
import type { TestCommandOptions } from '../maelstrom/run-test.ts'
import {
  availability,
  concurrency,
  faultList,
  modelList,
  nemesisKinds,
  notNegative,
  positive,
} from '../maelstrom/test-options.ts'
import { wholeNumber } from '../parse/arguments.ts'
import { withExamples } from './examples.ts'

const SEED_MAX = 999_999_999

export function addMaelstromCommand(program: Command, context: CommandContext): void {
  const maelstrom = program
    .command('maelstrom')
    .description('Maelstrom’s protocol: test programs in any language that speak it, or be one')
    .configureHelp({ showGlobalOptions: false })
  addTestCommand(maelstrom, context)
  addNodeCommand(maelstrom, context)
}

function addNodeCommand(maelstrom: Command, { shell }: CommandContext): void {
  withExamples(maelstrom.command('node'), [
    ['dure maelstrom test -w lin-kv --bin npx -- dure maelstrom node', 'Dure’s own store, under the runner'],
    ['maelstrom test -w lin-kv --bin npx … -- dure maelstrom node', 'or under the original'],
  ])
    .description('be a node: Dure’s store for the workloads lin-kv, txn-list-append and txn-rw-register')
    .configureHelp({ showGlobalOptions: false })
    .option('--data <path>', 'what outlives a kill; $DURE_NODE_DIRECTORY unless said, else nothing does')
    .action(async ({ data }: { readonly data?: string }) => {
      // Loaded here: no other command of these needs storage.
      const { runDureNode } = await import('../maelstrom/run-dure-node.ts')
      const directory = data ?? shell.env.DURE_NODE_DIRECTORY
      await runDureNode({ stdin: shell.stdin, stdout: shell.stdout, directory })
    })
}

function addTestCommand(maelstrom: Command, context: CommandContext): void {
  withExamples(maelstrom.command('test'), [
    ['dure maelstrom test --workload echo --bin ./echo.py', 'does it speak the protocol?'],
    ['dure maelstrom test --workload lin-kv --bin ./kv.py --nemesis partition', 'is it linearizable?'],
    ['dure maelstrom test --workload broadcast --bin ./node --node-count 25 --latency 100', ''],
    ['dure maelstrom test --workload lin-kv --bin node -- ./server.js --verbose', 'words for the program'],
  ])
    .description(
      'nodes of a program, a network between them, clients, faults, and a verdict: exit code 0, 1 or 2',
    )
    .configureHelp({ showGlobalOptions: false })
    .addHelpText('after', () => `\n${workloadsHelp()}`)
    .addOption(
      new Option('-w, --workload <name>', 'what is asked of it, see below')
        .choices(Object.keys(workloadDescriptions))
        .argParser((text) => text)
        .default('lin-kv'),
    )
    .requiredOption('--bin <path>', 'the program that runs a node')
    .argument('[arguments...]', 'after --: words for the program')
    .option('--node-count <count>', 'nodes: n1, n2 …', wholeNumber(1, 1_000), 5)
    .addOption(
      new Option('--concurrency <clients>', 'clients, or so many for each node: 10, 4n')
        .argParser(concurrency)
        .default((nodes: number) => nodes, '1n'),
    )
    .option('--rate <calls>', 'calls a second, of all clients together', positive, 5)
    .option('--time-limit <seconds>', 'of the load', positive, 60)
    .option('--timeout-ms <ms>', 'of a call; 1000, or 10 × latency', wholeNumber(1, 600_000))
    .option('--latency <ms>', 'between nodes, on average', notNegative, 0)
    .addOption(
      new Option('--latency-dist <name>', 'how it is spread')
        .choices(latencyDistributions)
        .default('constant'),
    )
    .option('--topology <name>', `for broadcast: ${topologyNames.join(', ')}`, 'grid')
    .option(
      '--availability <part>',
      'calls that must be acknowledged: total, or a part such as 0.99',
      availability,
    )
    .addOption(
      new Option('--consistency-models <names>', 'for transactions, between commas')
        .argParser(modelList)
        .default(['strict-serializable'], 'strict-serializable'),
    )
    .option(
      '--key-count <count>',
      'for transactions and kafka: keys in use at a time',
      wholeNumber(1, 10_000),
    )
    .option('--max-txn-length <count>', 'for transactions: steps', wholeNumber(1, 1_000))
    .option('--max-writes-per-key <count>', 'for transactions and kafka', wholeNumber(1, 1_000_000))
    .option('--no-crash-clients', 'for kafka: clients stay')
    .option('--nemesis <faults>', `between commas: ${nemesisKinds.join(', ')}; or all, or none`, faultList)
    .option(
      '--nemesis-interval <seconds>',
      'between faults, and how long each lasts; 10, or a quarter of the time',
      positive,
    )
    .option('--settle <seconds>', 'before the final reads; 10 after faults, else 5', notNegative)
    .option(
      '--seed <number>',
      'for load, latencies and faults; a fresh one unless said',
      wholeNumber(0, SEED_MAX),
    )
    .option('--log-stderr', 'show what nodes write to stderr')
    .option('--log-net-send', 'show messages as they are sent')
    .option('--log-net-recv', 'show messages as they are received')
    .option('--store <path>', 'where runs are kept', 'store')
    .option('--json', 'answer in JSON')
    .action(async (words: string[], options: TestCommandOptions, command: Command) => {
      // Loaded here: no other command needs the checkers of all workloads.
      const { runTest } = await import('../maelstrom/run-test.ts')
      await runTest(context, words, {
        ...options,
        ...(command.optsWithGlobals().json === true && { json: true }),
      })
    })
}

const workloadsHelp = (): string =>
  [
    'Workloads:',
    ...Object.entries(workloadDescriptions).map(
      ([name, description]) => `  ${name.padEnd(15)}  ${description}`,
    ),
  ].join('\n')
