/** What happened, in one line of JSON that a person can read and a program can search. */
export interface Log {
  debug(event: string, fields?: LogFields): void
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  error(event: string, fields?: LogFields): void
}

export type LogFields = Readonly<Record<string, unknown>>

export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

export interface LogOptions {
  /** What is less is left out; `info` unless said. */
  readonly level?: LogLevel
  /** On every line, for example the node's id. */
  readonly fields?: LogFields
  /** Where lines go; stderr unless said. */
  readonly write?: (line: string) => void
  readonly wallMs?: () => number
}

/**
 * A log of JSON lines: `time`, `level`, `event`, then the fields.
 *
 * ```ts
 * const log = createLog({ fields: { node: 1 } })
 * log.info('ready', { http: '127.0.0.1:8080' })
 * // {"time":"2026-01-01T00:00:00.000Z","level":"info","event":"ready","node":1,"http":"127.0.0.1:8080"}
 * ```
 *
 * `event` is a stable name, never a sentence with values in it. An error among the fields becomes its code, message and,
 * for bugs, its stack.
 */
export function createLog(options: LogOptions = {}): Log {
  const write = options.write ?? ((line: string) => process.stderr.write(line))
  const wallMs = options.wallMs ?? Date.now
  const from = logLevels.indexOf(options.level ?? 'info')
  const logAt = (level: LogLevel) => {
    if (logLevels.indexOf(level) < from) return () => {}
    return (event: string, fields?: LogFields) => {
      const time = new Date(wallMs()).toISOString()
      write(`${JSON.stringify({ time, level, event, ...options.fields, ...fields }, readable)}\n`)
    }
  }
  return { debug: logAt('debug'), info: logAt('info'), warn: logAt('warn'), error: logAt('error') }
}

function readable(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (!(value instanceof Error)) return value
  const { code, outcome } = value as { code?: unknown; outcome?: unknown }
  // An error with an outcome was foreseen; of anything else the place matters.
  return {
    code,
    outcome,
    message: value.message,
    cause: value.cause,
    stack: outcome === undefined ? value.stack : undefined,
  }
}
