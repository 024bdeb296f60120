/** One case of a golden file: comments, a command with its input, `----`, the answer, a blank line. */
export interface DataDrivenCase {
  readonly comment: string
  readonly command: string
  /** `name=value` and `name=(a, b)` of the first line. */
  readonly options: ReadonlyMap<string, readonly string[]>
  /** Words of the first line that are not options. */
  readonly words: readonly string[]
  /** The first line as it stands. */
  readonly line: string
  /** Lines between the first one and `----`. */
  readonly input: readonly string[]
  readonly expected: string
  readonly lineNumber: number
}

export function parseDataDriven(content: string): readonly DataDrivenCase[] {
  const lines = content.split('\n')
  const cases: DataDrivenCase[] = []
  for (let at = 0; at < lines.length; ) {
    let comment = ''
    while (at < lines.length && (lines[at] === '' || lines[at]!.startsWith('#')))
      comment += `${lines[at++]}\n`
    if (at >= lines.length) break
    const lineNumber = at + 1
    const line = lines[at++]!
    const input: string[] = []
    while (lines[at] !== '----') {
      if (at >= lines.length)
        throw new Error(`line ${lineNumber}: the command "${line}" has no ---- after it`)
      input.push(lines[at++]!)
    }
    at++
    let expected = ''
    while (at < lines.length && lines[at] !== '') {
      // In the files at hand a comment that follows an answer directly belongs to no case.
      if (!lines[at]!.startsWith('#')) expected += `${lines[at]}\n`
      at++
    }
    const options = new Map<string, readonly string[]>()
    for (const [, name, value] of line.matchAll(/(\S+?)=(\([^)]*\)|\S+)/g)) {
      const inner = value!.startsWith('(') ? value!.slice(1, -1).split(',') : [value!]
      options.set(
        name!,
        inner.map((item) => item.trim()).filter((item) => item !== ''),
      )
    }
    const words = line
      .replaceAll(/\S+=(\([^)]*\)|\S+)/g, '')
      .split(/\s+/)
      .filter((word) => word !== '')
    cases.push({ comment, command: words.shift()!, options, words, line, input, expected, lineNumber })
  }
  return cases
}
