import type { Command } from 'commander'

/** A line to paste, and what it does when that is not plain. */
export type Example = readonly [command: string, meaning: string]

/** Help begins with what to type. */
export function withExamples(command: Command, examples: readonly Example[]): Command {
  return command.addHelpText('before', `${renderExamples(examples)}\n`)
}

export function renderExamples(examples: readonly Example[]): string {
  // A long one that says all itself pushes nobody aside.
  const width = Math.max(0, ...examples.map(([text, meaning]) => (meaning === '' ? 0 : text.length)))
  return examples.map(([text, meaning]) => `  ${text.padEnd(width)}  ${meaning}`.trimEnd()).join('\n')
}
