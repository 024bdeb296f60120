import type { PackedHistory } from '../view/packed-history.ts'

/** What lies in the page as base64 of compressed JSON. */
export async function loadHistory(base64: string): Promise<PackedHistory> {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'))
  return (await new Response(stream).json()) as PackedHistory
}
