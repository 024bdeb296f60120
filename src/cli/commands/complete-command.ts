import { readdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Command as Completed } from '@bomb.sh/tab'
import describe from '@bomb.sh/tab/commander'
import type { Command } from 'commander'
import { readClusterFile } from '../cluster/cluster-file.ts'
import { type Layout, layoutOf, membersOf } from '../cluster/layout.ts'

type Complete = (value: string, description: string) => void

const NODES = 5
const nodeCommands = ['kill', 'start', 'pause', 'resume', 'member promote', 'member remove']
/** Options whose value is a path; arguments are told by their name. */
const pathOptions = ['directory', 'import', 'into']
const pathArguments = ['file', 'directory', 'backup']

/**
 * `dure complete zsh` prints a script for the shell, which asks `dure complete -- <words>` at each press of Tab. Comes last: it
 * knows the commands that were added before it.
 */
export function addCompleteCommand(program: Command): void {
  const root = describe(program)
  const all = [root, ...root.commands.values()]
  for (const command of all) {
    // The options of the program are understood behind the name of a command, too.
    for (const [name, option] of root.options)
      if (!command.options.has(name)) command.options.set(name, option)
    for (const name of pathOptions) onOption(command, name, completePaths)
    for (const argument of command.arguments.values())
      if (pathArguments.includes(argument.name)) argument.handler = completePaths
    onOption(command, 'node', completeNodes)
    onOption(command, 'keyspace', (complete) => complete('default', 'where keys are unless said'))
  }
  for (const name of nodeCommands) {
    const argument = root.commands.get(name)?.arguments.get('node')
    if (argument !== undefined) argument.handler = completeNodes
  }
  const own = program.commands.find((command) => command.name() === 'complete')
  own?.description('complete commands by Tab: source <(dure complete zsh)').helpGroup('More:')
}

function onOption(command: Completed, name: string, handler: (complete: Complete) => void): void {
  const option = command.options.get(name)
  if (option !== undefined && !option.isBoolean) option.handler = handler
}

/** Nodes of the cluster in the directory that the words name; five when there is none yet. */
function completeNodes(complete: Complete): void {
  const words = process.argv.slice(2)
  const at = words.lastIndexOf('--directory')
  const directory = at === -1 ? './data/local' : (words[at + 1] ?? '.')
  let layout: Layout = layoutOf(NODES, undefined)
  try {
    layout = readClusterFile(resolve(directory)) ?? layout
  } catch {
    // A file of another kind: the command itself will say so.
  }
  for (const node of membersOf(layout)) complete(String(node), `node ${node}`)
}

/** The shell leaves this to us: what begins like the last word. */
function completePaths(complete: Complete): void {
  const last = process.argv.at(-1) ?? ''
  const word = last.includes('=') ? last.slice(last.indexOf('=') + 1) : last
  const directory = word.endsWith('/') ? word : dirname(word)
  const shown = word.endsWith('/') ? word : word.includes('/') ? `${directory}/`.replace('//', '/') : ''
  try {
    for (const entry of readdirSync(resolve(directory === '' ? '.' : directory), { withFileTypes: true })) {
      const path = join(shown, entry.name)
      complete(entry.isDirectory() ? `${path}/` : path, '')
    }
  } catch {
    // No such directory: nothing to offer.
  }
}
