/** A stored value as JSON shows it: parsed when it is JSON, as text when it is text, else in base64. */
export type ShownValue =
  | { readonly encoding: 'json'; readonly value: unknown }
  | { readonly encoding: 'text' | 'base64'; readonly value: string }

export function showValue(bytes: Uint8Array): ShownValue {
  let text: string
  try {
    text = decoder.decode(bytes)
  } catch {
    return { encoding: 'base64', value: Buffer.from(bytes).toString('base64') }
  }
  try {
    return { encoding: 'json', value: JSON.parse(text) }
  } catch {
    return { encoding: 'text', value: text }
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
