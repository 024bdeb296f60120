import { type Html, html } from './html.ts'

/** `event 12`, `Operation 8`, `calls 3, 4 and 17`, `acknowledged at 32`: where checkers name events of a history. */
const mentions =
  /\b(?:(?:operation|event|call|transaction)s?|acknowledged at) \d+(?:(?:, (?:and )?| and )\d+\b)*/gi

/** A checker's sentences with links at the events that they name; an end leads to the operation that it ended. */
export function linkEvents(text: string, callOf: (event: number) => number | undefined): Html {
  const parts: (Html | string)[] = []
  let end = 0
  for (const match of text.matchAll(mentions)) {
    parts.push(text.slice(end, match.index), linkNumbers(match[0], callOf))
    end = match.index + match[0].length
  }
  return html`${parts}${text.slice(end)}`
}

function linkNumbers(text: string, callOf: (event: number) => number | undefined): Html {
  const parts = text.split(/(\d+)/).map((part, i) => {
    const call = i % 2 === 1 ? callOf(Number(part)) : undefined
    return call === undefined ? part : html`<a href="#op-${call}">${part}</a>`
  })
  return html`${parts}`
}
