const slots = 256

/**
 * The words of a text, each once: a history repeats the same few names in every event, and a slice of a text keeps the
 * whole text in memory.
 */
export class InternedWords {
  readonly #words: string[] = new Array<string>(slots).fill('')

  slice(text: string, start: number, end: number): string {
    const length = end - start
    if (length === 0) return ''
    const slot =
      (length +
        31 * text.charCodeAt(start) +
        7 * text.charCodeAt(end - 1) +
        text.charCodeAt(start + (length >> 1))) &
      (slots - 1)
    const known = this.#words[slot]!
    if (known.length === length && text.startsWith(known, start)) return known
    const word = text.slice(start, end)
    this.#words[slot] = word
    return word
  }
}
