import { forgetPalette } from './palette.ts'

const choices = ['system', 'light', 'dark'] as const
type Choice = (typeof choices)[number]
const KEY = 'dure-report-theme'

/** Light or dark as the system has it, until the reader says otherwise; printed it is always light. */
export function listenToTheme(redraw: () => void): void {
  const button = document.querySelector<HTMLButtonElement>('#theme')!
  let choice = remembered()
  const apply = (shown: Choice): void => {
    if (shown === 'system') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = shown
    forgetPalette()
    redraw()
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
  addEventListener('beforeprint', () => apply('light'))
  addEventListener('afterprint', () => apply(choice))
  tell()
  apply(choice)
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
