import { buffer } from 'node:stream/consumers'
import type { Command } from 'commander'
import { decodeKey, encodeBound, encodeKey } from '../../blocks/keyspace/key-codec.ts'
import { prefixEnd, utf8 } from '../../foundation/bytes.ts'
import type { StoredRow } from '../../ports/key-value/key-value-store.ts'
import { type CommandContext, say, withStore, writeData, writeJson } from '../command-context.ts'
import { exitCodes } from '../exit-code.ts'
import type { GlobalOptions } from '../options.ts'
import { displayWidth, printable } from '../output/style.ts'
import { showValue } from '../output/value.ts'
import { wholeNumber } from '../parse/arguments.ts'
import { timeToLive } from '../parse/time-to-live.ts'
import { withExamples } from './examples.ts'

export function addKeyCommands(program: Command, context: CommandContext): void {
  withExamples(program.command('put <key> <value>'), [
    [`dure put city:seoul '{"population":9602000}'`, ''],
    ['dure put greeting hello --node 1', 'through node 1 and no other'],
    ['dure put photo - < photo.jpg', 'the value from stdin'],
    ['dure put session:7 alice --ttl 30m', 'gone after half an hour'],
  ])
    .description('set a key; a value of "-" is read from stdin')
    .option('--ttl <duration>', 'it goes by itself after this time: 500ms, 30s, 5m, 12h, 30d', timeToLive)
    .action((key, value, _own, command) => put(context, key, value, command.optsWithGlobals()))

  withExamples(program.command('get <key>'), [
    ['dure get city:seoul', ''],
    ['dure get city:seoul --json', 'with its version'],
    ['dure get city:seoul --node 1 --consistency eventual', 'what node 1 has, perhaps an old value'],
  ])
    .description('print the value of a key; exit code 1 when there is none')
    .action((key, _own, command) => get(context, key, command.optsWithGlobals()))

  withExamples(program.command('delete <key>'), [['dure delete city:seoul', '']])
    .description('remove a key')
    .action((key, _own, command) => remove(context, key, command.optsWithGlobals()))

  withExamples(program.command('list [prefix]'), [
    ['dure list "KR/" --limit 20', ''],
    ['dure list "KR/" --json', 'one JSON object per line'],
  ])
    .description('list keys in order, those that begin with a prefix')
    .option('--limit <rows>', 'at most so many', wholeNumber(1, 100_000_000), 100)
    .action((prefix, own, command) => list(context, prefix ?? '', own.limit, command.optsWithGlobals()))
}

async function put(
  context: CommandContext,
  key: string,
  text: string,
  options: GlobalOptions & { readonly ttl?: number },
): Promise<void> {
  const { keyspace, timeoutMs, ttl: ttlMs } = options
  const stored = encodeKey(keyspace, key)
  const value = text === '-' ? new Uint8Array(await buffer(context.shell.stdin)) : utf8(text)
  const signal = context.shell.interrupted
  const { version } = await withStore(context, options, 'put', (store) =>
    store.put(stored, value, { timeoutMs, signal, ...(ttlMs !== undefined && { ttlMs }) }),
  )
  if (options.json) return writeJson(context, { key, version })
  say(context, `${context.styles.stderr('good', 'done')}  ${printable(key)} is at version ${version}`)
}

async function get(context: CommandContext, key: string, options: GlobalOptions): Promise<void> {
  const { keyspace, timeoutMs, consistency } = options
  const stored = encodeKey(keyspace, key)
  const signal = context.shell.interrupted
  const found = await withStore(context, options, 'get', (store) =>
    store.get(stored, { timeoutMs, consistency, signal }),
  )
  if (!found.exists) {
    context.exitCode = exitCodes.no
    if (options.json) return writeJson(context, { key, exists: false })
    return say(context, `there is no key ${JSON.stringify(key)} in keyspace ${keyspace}`)
  }
  const { value, version } = found
  if (options.json) return writeJson(context, { key, exists: true, version, ...showValue(value) })
  // To a pipe or a file the bytes go as they are stored.
  if (!context.shell.stdout.isTTY) return writeData(context, value)
  return writeData(context, `${printableValue(value)}\n`)
}

async function remove(context: CommandContext, key: string, options: GlobalOptions): Promise<void> {
  const { keyspace, timeoutMs } = options
  const stored = encodeKey(keyspace, key)
  const signal = context.shell.interrupted
  const { existed } = await withStore(context, options, 'delete', (store) =>
    store.delete(stored, { timeoutMs, signal }),
  )
  if (options.json) return writeJson(context, { key, existed })
  const { stderr } = context.styles
  say(context, `${stderr('good', 'done')}  ${printable(key)} ${existed ? 'is gone' : 'was not there'}`)
}

/** Rows that are aligned together. */
const PAGE_ROWS = 200

async function list(
  context: CommandContext,
  prefix: string,
  limit: number,
  options: GlobalOptions,
): Promise<void> {
  const { keyspace, timeoutMs, consistency } = options
  const from = encodeBound(keyspace, prefix)
  const range = { from, to: prefixEnd(from) }
  let count = 0
  await withStore(context, options, 'list', async (store) => {
    let page: StoredRow[] = []
    const signal = context.shell.interrupted
    // One more than asked for tells whether that was all.
    for await (const row of store.range(range, { limit: limit + 1, timeoutMs, consistency, signal })) {
      if (++count > limit) break
      page.push(row)
      if (page.length < PAGE_ROWS) continue
      await writeRows(context, page, options)
      page = []
    }
    await writeRows(context, page, options)
  })
  if (options.json) return
  if (count === 0) say(context, `no key in keyspace ${keyspace} begins with ${JSON.stringify(prefix)}`)
  if (count > limit) say(context, context.styles.stderr('quiet', `there are more: --limit ${limit * 10}`))
}

async function writeRows(
  context: CommandContext,
  rows: readonly StoredRow[],
  options: GlobalOptions,
): Promise<void> {
  const { shell, styles } = context
  const keys = rows.map(({ key }) => decodeKey(key).key)
  if (options.json) {
    const lines = rows.map(
      ({ value, version }, i) => `${JSON.stringify({ key: keys[i], version, ...showValue(value) })}\n`,
    )
    return writeData(context, lines.join(''))
  }
  const names = keys.map(printable)
  if (!shell.stdout.isTTY) {
    return writeData(context, rows.map(({ value }, i) => `${names[i]}\t${printableValue(value)}\n`).join(''))
  }
  const width = Math.max(0, ...names.map(displayWidth))
  const room = Math.max(16, (shell.stdout.columns || 80) - width - 2)
  const lines = rows.map(({ value }, i) => {
    const name = names[i]! + ' '.repeat(width - displayWidth(names[i]!))
    return `${name}  ${styles.stdout('quiet', shorten(printableValue(value), room))}\n`
  })
  return writeData(context, lines.join(''))
}

export function printableValue(value: Uint8Array): string {
  const shown = showValue(value)
  switch (shown.encoding) {
    case 'base64':
      return `<${value.length} bytes>`
    case 'text':
      return printable(shown.value)
    case 'json':
      return printable(new TextDecoder().decode(value))
  }
}

function shorten(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text
  let kept = text.slice(0, columns)
  while (displayWidth(kept) > columns - 1) kept = kept.slice(0, -1)
  return `${kept}…`
}
