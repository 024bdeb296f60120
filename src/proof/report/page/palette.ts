const names = [
  'ink',
  'soft',
  'line',
  'strong-line',
  'surface',
  'accent',
  'ok',
  'failed',
  'unknown',
  'wrong',
  'fault',
  'bar-ink',
  'unknown-ink',
] as const

export type Palette = Readonly<Record<(typeof names)[number], string>>

let current: Palette | undefined

/** The colours of the style sheet as they are now, light or dark. */
export function palette(): Palette {
  if (current !== undefined) return current
  const probe = document.createElement('i')
  document.body.append(probe)
  const colors = names.map((name) => {
    probe.style.color = `var(--${name})`
    return [name, getComputedStyle(probe).color]
  })
  probe.remove()
  return (current = Object.fromEntries(colors) as Palette)
}

/** They have changed. */
export function forgetPalette(): void {
  current = undefined
}
