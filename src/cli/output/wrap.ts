import { displayWidth } from './style.ts'

/**
 * Breaks a text between words so that no line takes more columns than `width`; breaks that are there stay. A word that is
 * longer stands alone.
 *
 * ```ts
 * wrap('a long sentence', 8) // ['a long', 'sentence']
 * ```
 */
export function wrap(text: string, width: number): string[] {
  return text.split('\n').flatMap((line) => {
    const lines: string[] = []
    let current = ''
    for (const word of line.trimEnd().split(/ +(?=\S)/)) {
      if (current === '') current = word
      else if (displayWidth(current) + 1 + displayWidth(word) <= width) current += ` ${word}`
      else {
        lines.push(current)
        current = word
      }
    }
    return [...lines, current]
  })
}
