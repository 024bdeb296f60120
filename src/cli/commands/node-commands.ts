import { resolve } from 'node:path'
import type { Command } from 'commander'
import { NODE_NUMBER_MAX } from '../cluster/layout.ts'
import { type CommandContext, say, writeJson } from '../command-context.ts'
import type { GlobalOptions } from '../options.ts'
import { wholeNumber } from '../parse/arguments.ts'
import { askSupervisor } from '../supervisor/control-client.ts'
import { withExamples } from './examples.ts'

type NodeCommandName = 'kill' | 'start' | 'pause' | 'resume'

const descriptions: Readonly<Record<NodeCommandName, string>> = {
  kill: 'end a node at once, as a power cut would (SIGKILL)',
  start: 'start a node that was killed or died',
  pause: 'freeze a node: it holds its connections and does nothing (SIGSTOP)',
  resume: 'let a paused node go on (SIGCONT)',
}

const done: Readonly<Record<NodeCommandName, string>> = {
  kill: 'is dead',
  start: 'is running',
  pause: 'is paused',
  resume: 'runs again',
}

export function addNodeCommands(program: Command, context: CommandContext): void {
  for (const name of ['kill', 'start', 'pause', 'resume'] as const) {
    withExamples(program.command(name), [[`dure ${name} 3`, '']])
      .argument('<node>', '', wholeNumber(1, NODE_NUMBER_MAX))
      .description(descriptions[name])
      .action((node: number, _own, command) => control(context, name, node, command.optsWithGlobals()))
  }
}

async function control(
  context: CommandContext,
  command: NodeCommandName,
  node: number,
  options: GlobalOptions,
): Promise<void> {
  const [info] = await askSupervisor(resolve(options.directory), { command, node })
  if (options.json) return writeJson(context, info)
  const { stderr } = context.styles
  const tone = command === 'kill' ? 'bad' : command === 'pause' ? 'warn' : 'good'
  say(context, `node ${node} ${stderr(tone, done[command])}`)
}
