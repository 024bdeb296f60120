import type { Command } from 'commander'
import { decodeKey, encodeBound } from '../../blocks/keyspace/key-codec.ts'
import { prefixEnd } from '../../foundation/bytes.ts'
import { DureError } from '../../foundation/errors.ts'
import { cursorFromText } from '../../ports/key-value/cursor.ts'
import type { KeyValueStore } from '../../ports/key-value/key-value-store.ts'
import type { Change, Watch } from '../../ports/key-value/watch.ts'
import { type CommandContext, say, withStore, writeData } from '../command-context.ts'
import type { GlobalOptions } from '../options.ts'
import { printable } from '../output/style.ts'
import { showValue } from '../output/value.ts'
import { wholeNumber } from '../parse/arguments.ts'
import { withExamples } from './examples.ts'
import { printableValue } from './key-commands.ts'

interface WatchOptions extends GlobalOptions {
  readonly from?: string
  readonly limit?: number
}

export function addWatchCommand(program: Command, context: CommandContext): void {
  withExamples(program.command('watch [prefix]'), [
    ['dure watch "flags/"', 'every change from now on; Ctrl-C ends it'],
    ['dure watch "flags/" --json', 'one JSON object per line, with the cursor to go on after it'],
    ['dure watch "flags/" --from 1z141z3-2s-1', 'everything since that cursor'],
    ['dure watch "" --limit 10', 'any key, and the end after ten changes'],
  ])
    .description('print changes of keys as they happen, those that begin with a prefix')
    .option('--from <cursor>', 'go on after this place')
    .option('--limit <changes>', 'end after so many', wholeNumber(1, 1_000_000_000))
    .action((prefix, _own, command) => watch(context, prefix ?? '', command.optsWithGlobals()))
}

async function watch(context: CommandContext, prefix: string, options: WatchOptions): Promise<void> {
  const from = encodeBound(options.keyspace, prefix)
  await withStore(context, options, 'watch', async (store) => {
    try {
      await printChanges(context, store, { from, to: prefixEnd(from) }, options)
    } catch (error) {
      throw explained(error)
    }
  })
}

async function printChanges(
  context: CommandContext,
  store: KeyValueStore,
  range: { readonly from: Uint8Array; readonly to: Uint8Array | undefined },
  options: WatchOptions,
): Promise<void> {
  const { limit = Number.POSITIVE_INFINITY, json = false } = options
  const signal = context.shell.interrupted
  await using changes = store.watch(range, {
    signal,
    ...(options.from !== undefined && { from: cursorFromText(options.from) }),
  })
  await begun(changes, options.timeoutMs)
  if (!json) say(context, context.styles.stderr('quiet', 'watching; Ctrl-C ends it'))
  let count = 0
  try {
    for await (const change of changes) {
      await writeData(context, json ? jsonLine(change) : textLine(context, change))
      if (++count >= limit) break
    }
  } finally {
    // Known also when nothing happened: so that nothing is missed until the next time.
    const { cursor } = changes
    if (!json && cursor !== undefined)
      say(context, context.styles.stderr('quiet', `to go on: --from ${cursor}`))
  }
}

/** A watch waits for as long as it takes; a person wants to know. */
async function begun(watch: Watch, timeoutMs: number): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    const message = `no node took the watch within ${timeoutMs} ms: is a majority of the nodes running?`
    reject(new DureError('timeout', message, { retryable: true }))
  }, timeoutMs)
  try {
    await Promise.race([watch.ready, promise])
  } finally {
    clearTimeout(timer)
  }
}

function jsonLine(change: Change): string {
  const { kind, version, cursor } = change
  const { key } = decodeKey(change.key)
  const value = change.kind === 'put' ? showValue(change.value) : {}
  return `${JSON.stringify({ kind, key, version, cursor, ...value })}\n`
}

function textLine({ shell, styles }: CommandContext, change: Change): string {
  const name = printable(decodeKey(change.key).key)
  const value = change.kind === 'put' ? printableValue(change.value) : undefined
  if (!shell.stdout.isTTY) return `${change.kind}\t${name}${value === undefined ? '' : `\t${value}`}\n`
  const kind = styles.stdout(change.kind === 'put' ? 'good' : 'warn', change.kind.padEnd(6))
  return `${kind}  ${name}${value === undefined ? '' : `  ${styles.stdout('quiet', value)}`}\n`
}

function explained(error: unknown): unknown {
  if (!(error instanceof DureError) || error.code !== 'compacted') return error
  const advice = 'here: leave --from out to see what happens from now on, and `dure list` for what is there'
  return new DureError('compacted', `${error.message}; ${advice}`)
}
