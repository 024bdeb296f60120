/** A key or a value as JSON shows it: text when it is UTF-8, else base64. */
export function asText(bytes: Uint8Array): { readonly text: string; readonly isText: boolean } {
  try {
    return { text: utf8.decode(bytes), isText: true }
  } catch {
    return { text: Buffer.from(bytes).toString('base64'), isText: false }
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
