/** The lines of a text that comes in chunks, without what ends them. */
export function* readLines(chunks: Iterable<string>): Generator<string> {
  let carried = ''
  for (const chunk of chunks) {
    let from = 0
    for (let newline = chunk.indexOf('\n'); newline !== -1; newline = chunk.indexOf('\n', from)) {
      yield withoutReturn(carried + chunk.slice(from, newline))
      carried = ''
      from = newline + 1
    }
    carried += chunk.slice(from)
  }
  if (carried !== '') yield withoutReturn(carried)
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line
}
