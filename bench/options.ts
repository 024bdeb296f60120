import { parseArgs } from 'node:util'
import type { Settings } from './benchmarks/benchmark.ts'

export const HELP = `npm run bench                              writes and strong reads, etcd and Dure in turn
npm run bench -- --quick                   the same in a minute, one round each
npm run bench -- speed --in-flight 256 --operations put --rounds 5
npm run bench -- failover restart --only dure
npm run bench -- all --full --output figures.json

Benchmarks
  speed       writes and linearizable reads at 1, 64, 256 and 1,000 in flight (what runs unless others are named)
  watch       1,000 watchers of the same keys: changes delivered, and how late
  leases      10,000 leases kept alive
  failover    from kill -9 of the leader to the next acknowledged write, 20 times
  stall       elections during saturation while disks stall for 500 ms
  restart     from kill -9 of a node with a million keys to its first strong read
  simulator   virtual seconds per second of a simulated cluster under all faults
  verify      the checkers of histories, beside Porcupine where Go is installed
  all         every one of them

Options
  --only etcd|dure         measure one of the two alone
  --in-flight 1,64         calls in flight, for speed
  --operations put,get     kinds of call, for speed
  --rounds N               rounds of each (speed, watch, leases, verify), kills (failover), seeds (simulator)
  --seconds N              length of a round (speed, watch, leases), of the load (stall), of all seeds (simulator)
  --etcd-connections N     HTTP/2 connections of etcd's client (1)
  --quick, --full          short runs for a first look; the lengths of the written goals
  --directory PATH         where data directories go (the system's temporary directory)
  --json                   JSON on stdout instead of tables
  --output FILE            JSON in a file as well
`

/** The command line of the harness, read and checked. */
export interface Options {
  readonly help: boolean
  readonly benchmarks: readonly string[]
  readonly json: boolean
  readonly output: string | undefined
  readonly directory: string | undefined
  readonly settings: Omit<Settings, 'directory' | 'progress'>
}

/** Throws with a message that says what was asked and what is possible. */
export function readOptions(args: readonly string[], known: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: 'boolean', default: false },
      only: { type: 'string' },
      'in-flight': { type: 'string', default: '1,64,256,1000' },
      operations: { type: 'string', default: 'put,get' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      'etcd-connections': { type: 'string', default: '1' },
      quick: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      directory: { type: 'string' },
      json: { type: 'boolean', default: false },
      output: { type: 'string' },
    },
  })
  const named = positionals.length === 0 ? ['speed'] : positionals
  const benchmarks = named.includes('all') ? known : named
  for (const name of benchmarks) oneOf('benchmark', name, known)
  return {
    help: values.help,
    benchmarks,
    json: values.json,
    output: values.output,
    directory: values.directory,
    settings: {
      mode: values.full ? 'full' : values.quick ? 'quick' : 'normal',
      contenders:
        values.only === undefined ? ['etcd', 'dure'] : [oneOf('--only', values.only, ['etcd', 'dure'])],
      inFlight: values['in-flight'].split(',').map((text) => wholeNumber('--in-flight', text)),
      operations: values.operations.split(',').map((text) => oneOf('--operations', text, ['put', 'get'])),
      rounds: values.rounds === undefined ? undefined : wholeNumber('--rounds', values.rounds),
      seconds: values.seconds === undefined ? undefined : wholeNumber('--seconds', values.seconds),
      etcdConnections: wholeNumber('--etcd-connections', values['etcd-connections']),
    },
  }
}

function oneOf<Name extends string>(what: string, found: string, known: readonly Name[]): Name {
  const name = known.find((candidate) => candidate === found)
  if (name === undefined) throw new Error(`${what} '${found}' is not known; it can be ${known.join(', ')}`)
  return name
}

function wholeNumber(option: string, text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1 || value > 100_000) {
    throw new Error(`${option} '${text}' is not a whole number from 1 to 100,000`)
  }
  return value
}
