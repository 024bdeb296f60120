import type { KeyValueStore } from '../ports/key-value/key-value-store.ts'
import { type GlobalOptions, storeAddresses } from './options.ts'
import type { Shell, Styles } from './shell.ts'

/** What every command stands on. */
export interface CommandContext {
  readonly shell: Shell
  readonly styles: Styles
  /** The exit code when all went well; a command may set another. */
  exitCode: number
}

/** Writes data; resolves once it left, so that a slow reader slows the command down. */
export function writeData({ shell }: CommandContext, text: string | Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    if (shell.stdout.write(text)) resolve()
    else shell.stdout.once('drain', resolve)
  })
}

export const writeJson = (context: CommandContext, value: unknown) =>
  writeData(context, `${JSON.stringify(value)}\n`)

export function say({ shell }: CommandContext, text: string): void {
  shell.stderr.write(`${text}\n`)
}

/** Runs with the store that the options mean, and closes it. */
export async function withStore<Result>(
  { shell }: CommandContext,
  options: GlobalOptions,
  command: string,
  run: (store: KeyValueStore) => Promise<Result>,
): Promise<Result> {
  const store = await shell.connect(storeAddresses(options, command))
  try {
    return await run(store)
  } finally {
    await store.close({ timeoutMs: 0 })
  }
}
