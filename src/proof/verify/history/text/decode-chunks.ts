import { HistoryError } from '../history-error.ts'

/** A history as it is read from outside: bytes of UTF-8, or text, cut anywhere. */
export type HistoryChunks = Iterable<Uint8Array | string>

/** Text of bytes cut anywhere, also inside a character, without the mark that some tools put at the beginning. */
export function* decodeChunks(chunks: HistoryChunks): Generator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let linesBefore = 0
  let isFirst = true
  for (const chunk of chunks) {
    const text = typeof chunk === 'string' ? chunk : decode(decoder, chunk, linesBefore)
    if (text === '') continue
    yield isFirst && text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
    isFirst = false
    linesBefore += linesIn(text)
  }
  // What is left is the beginning of a character that never ended.
  yield decode(decoder, undefined, linesBefore)
}

function decode(
  decoder: InstanceType<typeof TextDecoder>,
  chunk: Uint8Array | undefined,
  linesBefore: number,
): string {
  try {
    return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true })
  } catch {
    // The decoder does not say where: the lenient one puts U+FFFD there.
    const text = chunk === undefined ? '' : new TextDecoder().decode(chunk)
    const place = text.indexOf('\ufffd')
    throw new HistoryError({
      found: 'bytes that are no UTF-8',
      expected: 'text in UTF-8',
      advice: 'Histories are text: unpack compressed files, and convert other encodings, first.',
      line: linesBefore + linesIn(place === -1 ? '' : text.slice(0, place)) + 1,
    })
  }
}

function linesIn(text: string): number {
  let lines = 0
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines++
  return lines
}
