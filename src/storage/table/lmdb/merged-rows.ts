import type { Row, RowChange } from '../table.ts'
import { rowName } from './key.ts'
import type { OverlayView } from './overlay/overlay.ts'

/**
 * Rows in [from, to) of several layers, newest first: where two have the same key the newer one holds, and a removal
 * hides what lies below.
 */
export function* mergedRows(
  overlays: readonly OverlayView[],
  stored: (from: Uint8Array, to: Uint8Array | undefined) => Iterator<Row>,
  from: Uint8Array,
  to: Uint8Array | undefined,
): Generator<Row> {
  const end = to === undefined ? undefined : rowName(to)
  const layers: Layer[] = overlays.map((overlay) => overlayLayer(overlay.from(from), end))
  const bottom = stored(from, to)
  layers.push(storedLayer(bottom))
  try {
    for (const layer of layers) layer.advance()
    for (;;) {
      let newest: Layer | undefined
      for (const layer of layers) {
        if (layer.name === undefined) continue
        if (newest === undefined || layer.name < newest.name!) newest = layer
      }
      if (newest === undefined) return
      const { name, change } = newest
      for (const layer of layers) if (layer.name === name) layer.advance()
      const { key, value } = change!
      if (value !== undefined) yield { key, value }
    }
  } finally {
    bottom.return?.()
  }
}

interface Layer {
  /** Of the change it stands at; undefined at the end. */
  name: string | undefined
  change: RowChange | undefined
  advance(): void
}

function overlayLayer(changes: Iterator<readonly [string, RowChange]>, end: string | undefined): Layer {
  return {
    name: undefined,
    change: undefined,
    advance() {
      const next = changes.next()
      const isEnd = next.done === true || (end !== undefined && next.value[0] >= end)
      this.name = isEnd ? undefined : next.value[0]
      this.change = isEnd ? undefined : next.value[1]
    },
  }
}

function storedLayer(rows: Iterator<Row>): Layer {
  return {
    name: undefined,
    change: undefined,
    advance() {
      const next = rows.next()
      this.name = next.done === true ? undefined : rowName(next.value.key)
      this.change = next.done === true ? undefined : next.value
    },
  }
}
