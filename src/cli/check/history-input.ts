import { statSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { DureError } from '../../foundation/errors.ts'

/** Where a history is read from. */
export interface HistoryInput {
  /** As messages name it. */
  readonly source: string
  /**
   * What was read from standard input, each chunk with memory of its own, so that it can be handed to a thread; undefined
   * for a file, which is read where it is checked.
   */
  readonly chunks: readonly Uint8Array<ArrayBuffer>[] | undefined
  /** 0 when it is not known: a pipe of the shell's, `<(zcat …)`. */
  readonly sizeBytes: number
}

/** The file of that name, or all of standard input for `-`. Errors: `invalid` for what is not there or holds nothing. */
export async function historyInput(
  file: string,
  stdin: Readable & { readonly isTTY?: boolean },
): Promise<HistoryInput> {
  return file === '-' ? readAll(stdin) : lookAt(file)
}

function lookAt(source: string): HistoryInput {
  const found = statSync(source, { throwIfNoEntry: false })
  const refuse = (what: string): never => {
    throw new DureError('invalid', `${source} ${what}: name a file with a history, or - for standard input`)
  }
  if (found === undefined) return refuse('does not exist')
  if (found.isDirectory()) return refuse('is a directory')
  if (found.isFile() && found.size === 0) return refuse('is empty')
  return { source, chunks: undefined, sizeBytes: found.size }
}

async function readAll(stdin: Readable & { readonly isTTY?: boolean }): Promise<HistoryInput> {
  if (stdin.isTTY) {
    throw new DureError('invalid', 'standard input is a terminal: pipe a history into it, or name a file')
  }
  const chunks: Uint8Array<ArrayBuffer>[] = []
  let sizeBytes = 0
  for await (const chunk of stdin as AsyncIterable<Uint8Array>) {
    // Chunks of a stream may share memory, which then could not change hands.
    chunks.push(new Uint8Array(chunk))
    sizeBytes += chunk.length
  }
  if (sizeBytes === 0) {
    throw new DureError('invalid', 'standard input is empty: a history has at least one event')
  }
  return { source: 'standard input', chunks, sizeBytes }
}
