/** Text that is HTML already, made by `html` alone: what came from outside has been escaped on its way in. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

type Part = Html | string | number | undefined | false | readonly Part[]

/**
 * HTML of what is written and of what is filled in; the latter is escaped, whatever it is, unless it is `Html` itself.
 *
 * ```ts
 * html`<td>${'</script>'}</td>`.text // '<td>&lt;/script&gt;</td>'
 * ```
 */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let text = strings[0]!
  for (let i = 0; i < parts.length; i++) text += textOf(parts[i]) + strings[i + 1]
  return new Html(text)
}

function textOf(part: Part): string {
  if (part === undefined || part === false) return ''
  if (part instanceof Html) return part.text
  if (typeof part === 'object') return part.map(textOf).join('')
  return escapeHtml(String(part))
}

/** For text between tags and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character as keyof typeof entities])
}

const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' } as const
