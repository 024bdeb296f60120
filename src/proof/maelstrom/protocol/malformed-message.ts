const SHOWN_CHARACTERS_MAX = 500

/** What a node wrote where a message was expected. */
export class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage'
  readonly node: string
  /** What it wrote, and what was expected. */
  readonly details: string

  constructor(node: string, wrote: string, expected: string, because: string) {
    const shown =
      wrote.length > SHOWN_CHARACTERS_MAX
        ? `${wrote.slice(0, SHOWN_CHARACTERS_MAX)}… (${wrote.length} characters)`
        : wrote
    super(`${node} wrote to stdout what cannot be taken: ${because}.`)
    this.details = `  it wrote   ${shown}\n  expected   ${expected}\nWhat is not a message belongs on stderr.`
    this.node = node
  }
}
