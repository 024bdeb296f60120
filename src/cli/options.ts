import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { DureError } from '../foundation/errors.ts'
import { readClusterFile } from './cluster/cluster-file.ts'
import { addressesOf, type Layout, layoutOf, NODE_NUMBER_MAX, type NodeAddress } from './cluster/layout.ts'
import { addressList, wholeNumber } from './parse/arguments.ts'

/** Options of every command, before or after its name. */
export interface GlobalOptions {
  readonly directory: string
  readonly basePort?: number
  readonly connect?: string[]
  readonly node?: number
  readonly keyspace: string
  readonly consistency: 'strong' | 'eventual'
  readonly timeoutMs: number
  readonly json?: boolean
}

/** A timeout that a person still waits for. */
const TIMEOUT_MS = 5_000

export function addGlobalOptions(program: Command): void {
  program
    .optionsGroup('Which cluster:')
    .option('--directory <path>', 'where a local cluster keeps its data', './data/local')
    .addOption(
      new Option(
        '--base-port <port>',
        'node i: HTTP on port + i - 1, peers on port + 100 + i (else 8080 + i - 1, 7000 + i)',
      ).argParser(wholeNumber(1, 65_000)),
    )
    .addOption(
      new Option('--connect <host:port,...>', 'a cluster anywhere, by its peer ports').argParser(addressList),
    )
    .addOption(
      new Option('--node <number>', 'ask this node and no other').argParser(wholeNumber(1, NODE_NUMBER_MAX)),
    )
    .optionsGroup('How:')
    .option('--keyspace <name>', 'the keyspace of the keys', 'default')
    .addOption(
      new Option('--consistency <level>', 'how fresh reads are')
        .choices(readLevels)
        // A command may have levels of its own: which it is, is known once all words are read.
        .argParser((text) => text)
        .default('strong'),
    )
    .addOption(
      new Option('--timeout-ms <ms>', 'how long to try')
        .argParser(wholeNumber(1, 600_000))
        .default(TIMEOUT_MS),
    )
    .option('--json', 'answer in JSON')
    .hook('preAction', (_program, command) => {
      const level = program.opts<GlobalOptions>().consistency
      const hasOwn = command.options.some(({ long }) => long === '--consistency')
      if (hasOwn || readLevels.includes(level)) return
      const allowed = `Allowed choices are ${readLevels.join(', ')}.`
      command.error(`error: option '--consistency <level>' argument '${level}' is invalid. ${allowed}`)
    })
}

const readLevels: readonly string[] = ['strong', 'eventual']

/** The cluster of this machine that the options mean. */
export interface LocalCluster {
  readonly directory: string
  readonly nodes: readonly NodeAddress[]
  readonly layout: Layout
}

/** Errors: `unavailable` when none was started there, `invalid` when `--connect` means one elsewhere. */
export function localCluster(options: GlobalOptions, command: string): LocalCluster {
  if (options.connect !== undefined) {
    const advice = 'use --directory or --base-port instead of --connect'
    throw new DureError('invalid', `${command} works on a cluster of this machine: ${advice}`)
  }
  const directory = resolve(options.directory)
  const file = readClusterFile(directory)
  if (file === undefined && options.basePort === undefined) {
    const advice = 'start one with `npm start` or `dure up`, or say where it is with --directory or --connect'
    throw new DureError('unavailable', `no cluster was started in ${options.directory}: ${advice}`)
  }
  const layout =
    options.basePort === undefined && file !== undefined
      ? file
      : { ...layoutOf(file?.nodes ?? 5, options.basePort), members: file?.members }
  return { directory, nodes: addressesOf(layout), layout }
}

/** Whom to ask for keys. */
export function storeAddresses(
  options: GlobalOptions,
  command: string,
): { addresses: string[]; pinned: boolean } {
  if (options.connect !== undefined) {
    if (options.node !== undefined) {
      throw new DureError(
        'invalid',
        '--node counts the nodes of a local cluster: with --connect, name one address',
      )
    }
    return { addresses: options.connect, pinned: false }
  }
  const { nodes } = localCluster(options, command)
  if (options.node === undefined) return { addresses: nodes.map(({ peer }) => peer), pinned: false }
  return { addresses: [nodeOf(nodes, options.node).peer], pinned: true }
}

function nodeOf(nodes: readonly NodeAddress[], node: number): NodeAddress {
  const found = nodes.find((address) => address.node === node)
  if (found !== undefined) return found
  throw new DureError(
    'invalid',
    `there is no node ${node}: this cluster has ${nodes.map((address) => address.node).join(', ')}`,
  )
}
