import { createReadStream, statSync } from 'node:fs'
import { basename } from 'node:path'
import { encodeKey } from '../../blocks/keyspace/key-codec.ts'
import { utf8 } from '../../foundation/bytes.ts'
import { DureError } from '../../foundation/errors.ts'
import type { KeyValueStore } from '../../ports/key-value/key-value-store.ts'
import type { CommandContext } from '../command-context.ts'
import { formatCount, formatDuration } from '../output/format.ts'
import { Progress } from '../output/progress.ts'
import { parseKeyTemplate } from '../parse/key-template.ts'
import { importRecords } from './import-records.ts'
import { readRecords } from './read-records.ts'

export interface ImportSource {
  /** A path, or `-` for stdin. */
  readonly file: string
  readonly template: string
  readonly keyspace: string
  readonly concurrency: number
}

export interface ImportResult {
  readonly records: number
  readonly tookMs: number
}

/** Where it is written that a file was imported, so that a restart does not do it again. */
const MARKER_KEYSPACE = 'dure-imports'
/** An election in the middle is no reason to give up. */
const PATIENCE_MS = 30_000

/** Imports a file with progress on stderr. */
export async function runImport(
  context: CommandContext,
  store: KeyValueStore,
  source: ImportSource,
): Promise<ImportResult> {
  const { shell } = context
  const { file, keyspace, concurrency } = source
  const key = parseKeyTemplate(source.template)
  const sizeBytes = fileSize(file)
  const name = file === '-' ? 'stdin' : basename(file)
  const progress = new Progress(shell.stderr)
  const beganMs = performance.now()
  let readBytes = 0
  const counted = async function* () {
    const stream: AsyncIterable<Uint8Array> =
      file === '-' ? shell.stdin : createReadStream(file, { highWaterMark: 1 << 18 })
    for await (const chunk of stream) {
      readBytes += chunk.length
      yield chunk
    }
  }
  try {
    const records = await importRecords(store, readRecords(counted(), name), {
      key,
      keyspace,
      concurrency,
      patienceMs: PATIENCE_MS,
      signal: shell.interrupted,
      onProgress: (imported) =>
        progress.update(() => {
          const share = sizeBytes === undefined ? '' : `${bar(context, readBytes / sizeBytes)}  `
          return `importing ${name}  ${share}${formatCount(imported)} records`
        }),
    })
    const tookMs = performance.now() - beganMs
    const perSecond = formatCount((records / tookMs) * 1_000)
    const done = context.styles.stderr('good', 'imported')
    progress.finish(
      `${done}  ${formatCount(records)} records of ${name} in ${formatDuration(tookMs)} (${perSecond}/s)`,
    )
    await store.put(markerKey(source), utf8(JSON.stringify({ records })))
    return { records, tookMs }
  } catch (error) {
    progress.abandon()
    throw error
  }
}

/** Whether this very import was finished before. */
export async function wasImported(store: KeyValueStore, source: ImportSource): Promise<boolean> {
  return (await store.get(markerKey(source))).exists
}

function markerKey({ file, keyspace, template }: ImportSource): Uint8Array {
  return encodeKey(MARKER_KEYSPACE, JSON.stringify([keyspace, template, basename(file), fileSize(file) ?? 0]))
}

function fileSize(file: string): number | undefined {
  if (file === '-') return undefined
  try {
    const found = statSync(file)
    if (found.isFile()) return found.size
  } catch (cause) {
    throw new DureError('invalid', `the file to import cannot be read: ${(cause as Error).message}`, {
      cause,
    })
  }
  throw new DureError('invalid', `${file} is no file: name a JSON file, or - for stdin`)
}

const BAR_COLUMNS = 24

function bar({ styles, shell }: CommandContext, share: number): string {
  const filled = Math.round(Math.min(1, share) * BAR_COLUMNS)
  const percent = `${Math.floor(Math.min(1, share) * 100)}`.padStart(3)
  if (!shell.stderr.isTTY) return `${percent} %`
  return `${styles.stderr('good', '━'.repeat(filled))}${styles.stderr('quiet', '─'.repeat(BAR_COLUMNS - filled))} ${percent} %`
}
