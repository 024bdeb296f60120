import type { HistoryOrigin } from '../recorded-history.ts'

/** A form of files that histories are kept in, and what it is for. */
interface HistoryFormatEntry {
  readonly name: string
  readonly description: string
  /** Whose defaults hold for what the file leaves unsaid; our own files name their origin themselves. */
  readonly origin: HistoryOrigin
}

/** Every form that can be read. */
export const historyFormats = [
  { name: 'dure', description: 'our JSON lines, with a header', origin: 'dure' },
  { name: 'edn', description: 'EDN of Jepsen, Knossos and Elle', origin: 'jepsen' },
  { name: 'json', description: 'JSON of the same, as an array or a stream', origin: 'jepsen' },
  { name: 'jepsen-log', description: "operations in the lines of Jepsen's log", origin: 'jepsen-log' },
  { name: 'porcupine', description: "EDN of Porcupine's key-value tests", origin: 'porcupine' },
  { name: 'isolation', description: "sessions of r and w as AWDIT's text", origin: 'isolation' },
] as const satisfies readonly HistoryFormatEntry[]

export type HistoryFormat = (typeof historyFormats)[number]['name']

export const origins: readonly HistoryOrigin[] = ['dure', 'jepsen', 'jepsen-log', 'porcupine', 'isolation']

export function isOrigin(value: unknown): value is HistoryOrigin {
  return (origins as readonly unknown[]).includes(value)
}

export function isHistoryFormat(value: unknown): value is HistoryFormat {
  return historyFormats.some(({ name }) => name === value)
}

/** Whose defaults hold for a form, unless the file says more. */
export function originOf(format: HistoryFormat): HistoryOrigin {
  return historyFormats.find(({ name }) => name === format)!.origin
}

/** For messages: `dure (our JSON lines, with a header), edn (…)`. */
export function listFormats(): string {
  return historyFormats.map(({ name, description }) => `${name} (${description})`).join(', ')
}
