import fc from 'fast-check'
import { expect, test } from 'vitest'
import { escapeHtml, html } from './html.ts'
import { linkEvents } from './link-events.ts'

test('what is filled in is text, and what html made stays as it is', () => {
  const cell = html`<td title="${'"><script>'}">${'</td> & co.'}</td>`
  expect(html`<tr>${[cell, false, undefined, 7]}</tr>`.text).toBe(
    '<tr><td title="&quot;&gt;&lt;script&gt;">&lt;/td&gt; &amp; co.</td>7</tr>',
  )
})

test('no text can begin a tag or end an attribute', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const escaped = escapeHtml(text)
      expect(escaped).not.toMatch(/[<>"']/)
      const back = escaped
        .replaceAll('&lt;', '<')
        .replaceAll('&gt;', '>')
        .replaceAll('&quot;', '"')
        .replaceAll('&#39;', "'")
        .replaceAll('&amp;', '&')
      expect(back).toBe(text)
    }),
  )
})

test.for([
  ['T1 is event 12, T2 is event 14.', [12, 14]],
  ['Operation 581 read balances that add up to 93; it must be 100.', [581]],
  ['2 operations cannot be ordered (calls 65, 90).', [65, 90]],
  ['Id 41 was given 2 times, by operations 79, 85 and 90.', [79, 85, 90]],
  ['added by operation 26, acknowledged at 32, but the read of operation 1143', [26, 32, 1143]],
  ['It was retried 3 times in 5 transactions.', []],
] as const)('events that a sentence names become links: %s', ([sentence, events]) => {
  const { text } = linkEvents(sentence, (event) => event)
  expect([...text.matchAll(/href="#op-(\d+)"/g)].map(([, event]) => Number(event))).toEqual(events)
  expect(text.replaceAll(/<[^>]*>/g, '')).toBe(sentence)
})

test('an end leads to the call that it ended, and a number that is no event stays a number', () => {
  const { text } = linkEvents('event 5 and event 6 <b>', (event) => (event === 5 ? 3 : undefined))
  expect(text).toBe('event <a href="#op-3">5</a> and event 6 &lt;b&gt;')
})
