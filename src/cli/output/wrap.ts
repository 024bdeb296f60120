import { displayWidth } from './style.ts'

/**
 * Breaks a text between words so that no line takes more columns than `width`; breaks that are there stay. A word that is
 * longer stands alone. A line that begins with blanks is part of a table: it stays as it is where it fits, and what it
 * is broken into begins with the same blanks.
 *
 * ```ts
 * wrap('a long sentence', 8) // ['a long', 'sentence']
 * ```
 */
export function wrap(text: string, width: number): string[] {
  return text.split('\n').flatMap((line) => {
    const indent = /^ */.exec(line)![0]
    if (indent !== '' && displayWidth(line.trimEnd()) <= width) return [line.trimEnd()]
    const lines: string[] = []
    let current = ''
    for (const word of line.trim().split(/ +/)) {
      if (current === '') current = indent + word
      else if (displayWidth(current) + 1 + displayWidth(word) <= width) current += ` ${word}`
      else {
        lines.push(current)
        current = indent + word
      }
    }
    return [...lines, current]
  })
}
