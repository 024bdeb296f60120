import { unreachable } from '../../../foundation/assert.ts'
import { DureError } from '../../../foundation/errors.ts'
import type { HistoryEvent } from './event.ts'
import { detectFormat } from './format/detect-format.ts'
import {
  type HistoryFormat,
  isHistoryFormat,
  isOrigin,
  listFormats,
  originOf,
} from './format/history-format.ts'
import { readDure, readDureHeader } from './format/read-dure.ts'
import { readEdn } from './format/read-edn.ts'
import { readJepsenLog } from './format/read-jepsen-log.ts'
import { readJson } from './format/read-json.ts'
import { readPorcupine } from './format/read-porcupine.ts'
import { readSessionEvents } from './format/read-sessions.ts'
import { HistoryError } from './history-error.ts'
import type { HistoryOrigin, RecordedHistory } from './recorded-history.ts'
import { decodeChunks, type HistoryChunks } from './text/decode-chunks.ts'
import { TextSource } from './text/text-source.ts'

export interface ParseOptions {
  /** How the text is written; told by its beginning and the file's name when it is left out. */
  readonly format?: HistoryFormat
  /** The name of the file, for messages and for telling the format. */
  readonly fileName?: string
}

/** A history while it is read. */
export interface HistoryStream {
  readonly format: HistoryFormat
  readonly origin: HistoryOrigin
  /** Reads on as it is walked through, once. */
  readonly events: Iterable<HistoryEvent>
  /** The line on which the event that was given last begins. */
  readonly line: number
}

/**
 * A whole history from its text, or from chunks of it.
 *
 * ```ts
 * parseHistory('{:type :invoke, :f :write, :value 3, :process 0}').events[0]?.value // 3
 * ```
 *
 * Throws a `HistoryError` with line and column where the text is no history.
 */
export function parseHistory(
  text: string | Uint8Array | HistoryChunks,
  options: ParseOptions = {},
): RecordedHistory {
  return collectHistory(streamHistory(text, options))
}

/** All that is left of a stream. */
export function collectHistory(stream: HistoryStream): RecordedHistory {
  const events: HistoryEvent[] = []
  const lines: number[] = []
  for (const event of stream.events) {
    events.push(event)
    lines.push(stream.line)
  }
  return { origin: stream.origin, events, lines: Int32Array.from(lines) }
}

/**
 * The events of a history one by one, holding no more of the text than the event that is being read.
 *
 * ```ts
 * for (const event of streamHistory(chunks).events) count(event.type)
 * ```
 */
export function streamHistory(
  text: string | Uint8Array | HistoryChunks,
  options: ParseOptions = {},
): HistoryStream {
  const source = new TextSource(decodeChunks(chunksOf(text)))
  try {
    const stream = openStream(source, options)
    return {
      format: stream.format,
      origin: stream.origin,
      events: closing(source, stream.events, options.fileName),
      get line() {
        return stream.line
      },
    }
  } catch (error) {
    source.close()
    throw named(error, options.fileName)
  }
}

/** Names the file in errors, and lets go of it at the end, wherever that is. */
function* closing(
  source: TextSource,
  events: Iterable<HistoryEvent>,
  fileName: string | undefined,
): Generator<HistoryEvent> {
  try {
    yield* events
  } catch (error) {
    throw named(error, fileName)
  } finally {
    source.close()
  }
}

function named(error: unknown, fileName: string | undefined): unknown {
  return error instanceof HistoryError && fileName !== undefined ? error.in(fileName) : error
}

function openStream(source: TextSource, options: ParseOptions): HistoryStream {
  if (options.format !== undefined && !isHistoryFormat(options.format))
    throw new DureError(
      'invalid',
      `The format ${JSON.stringify(options.format)} is not known. Name one of: ${listFormats()}.`,
    )
  const format = options.format ?? detectFormat(source, options.fileName)
  const place = { line: 1 }
  const onSource = (origin: HistoryOrigin, events: Iterable<HistoryEvent>): HistoryStream => ({
    format,
    origin,
    events,
    get line() {
      return source.line
    },
  })
  const onLines = (events: Iterable<HistoryEvent>): HistoryStream => ({
    format,
    origin: originOf(format),
    events,
    get line() {
      return place.line
    },
  })
  switch (format) {
    case 'dure':
      return onSource(readDureHeader(source), readDure(source))
    case 'edn':
      return onSource(originInComment(source) ?? originOf(format), readEdn(source))
    case 'porcupine':
      return onSource(originOf(format), readPorcupine(source))
    case 'json':
      return onSource(originOf(format), readJson(source))
    case 'jepsen-log':
      return onLines(readJepsenLog(source.rest(), place))
    case 'isolation':
      return onLines(readSessionEvents(source.rest(), place))
    default:
      return unreachable(format)
  }
}

/** The line that our writer of EDN begins with: EDN has no other place to say whose defaults hold. */
function originInComment(source: TextSource): HistoryOrigin | undefined {
  source.ensure(80)
  const origin = /^; dure-history 1, origin ([\w-]+)\r?\n/.exec(
    source.text.slice(source.at, source.at + 80),
  )?.[1]
  return isOrigin(origin) ? origin : undefined
}

function chunksOf(text: string | Uint8Array | HistoryChunks): HistoryChunks {
  return typeof text === 'string' || text instanceof Uint8Array ? [text] : text
}
