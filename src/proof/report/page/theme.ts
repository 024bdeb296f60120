import { forgetPalette } from './palette.ts'

const choices = ['system', 'light', 'dark'] as const
type Choice = (typeof choices)[number]
const KEY = 'dure-report-theme'

export interface ThemeOptions {
  /** In the next frame. */
  readonly redraw: () => void
  readonly redrawNow: () => void
}

/** Light or dark as the system has it, until the reader says otherwise; printed it is always light. */
export function listenToTheme({ redraw, redrawNow }: ThemeOptions): void {
  const button = document.querySelector<HTMLButtonElement>('#theme')!
  let choice = remembered()
  const apply = (shown: Choice, draw = redraw): void => {
    if (shown === 'system') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = shown
    forgetPalette()
    draw()
  }
  const tell = (): void => {
    button.textContent = { system: '◐ System', light: '☀ Light', dark: '☾ Dark' }[choice]
    button.ariaLabel = `Colours: ${choice}. Change`
  }
  button.hidden = false
  button.addEventListener('click', () => {
    choice = choices[(choices.indexOf(choice) + 1) % choices.length]!
    remember(choice)
    tell()
    apply(choice)
  })
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => apply(choice))
  addEventListener('beforeprint', () => {
    apply('light', redrawNow)
    showPictures()
  })
  addEventListener('afterprint', () => {
    for (const picture of document.querySelectorAll('.chart img')) picture.remove()
    apply(choice)
  })
  tell()
  apply(choice)
}

/** What was drawn on a canvas since the last frame does not come out of the printer; a picture of it does. */
function showPictures(): void {
  for (const canvas of document.querySelectorAll<HTMLCanvasElement>('.chart canvas:not(.overlay)')) {
    const picture = new Image()
    picture.src = canvas.toDataURL()
    picture.alt = canvas.ariaLabel ?? ''
    canvas.after(picture)
  }
}

/** Pages of files may have no storage. */
function remembered(): Choice {
  try {
    const kept = localStorage.getItem(KEY)
    return choices.find((choice) => choice === kept) ?? 'system'
  } catch {
    return 'system'
  }
}

function remember(choice: Choice): void {
  try {
    localStorage.setItem(KEY, choice)
  } catch {
    // Then it holds for this page alone.
  }
}
