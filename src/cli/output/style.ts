import type { Writable } from 'node:stream'
import { styleText } from 'node:util'

export type Tone = 'plain' | 'strong' | 'good' | 'warn' | 'bad' | 'quiet'

/** Colours a text, or leaves it alone. */
export type Style = (tone: Tone, text: string) => string

/** For a stream: only a terminal is coloured, and none when `NO_COLOR` is set (no-color.org) or the terminal is dumb. */
export function styleFor(stream: Writable & { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): Style {
  const isForced = env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '0'
  const isWanted = !env.NO_COLOR && env.TERM !== 'dumb' && (stream.isTTY === true || isForced)
  if (!isWanted) return (_tone, text) => text
  return (tone, text) => (tone === 'plain' ? text : styleText(formats[tone], text, { validateStream: false }))
}

const formats = {
  strong: 'bold',
  good: 'green',
  warn: 'yellow',
  bad: 'red',
  quiet: 'dim',
} as const

/** What others wrote, made harmless: a stored value must not steer the terminal that shows it. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => {
    const known = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }[character]
    return known ?? `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`
  })
}

/** Columns that a text takes in a terminal: wide characters take two, marks that combine none. */
export function displayWidth(text: string): number {
  let width = 0
  for (const { segment } of graphemes.segment(text)) width += isWide.test(segment) ? 2 : 1
  return width
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })
const isWide =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1faff}\u{20000}-\u{3fffd}]/u
