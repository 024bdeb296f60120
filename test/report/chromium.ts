import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'

/** `CHROMIUM` names the program; else the one that is installed. */
const chromiumProgram: string | undefined = findProgram()

/** Without a browser the tests that need one are left out, which is said; with `DURE_REQUIRE_BROWSER` that is a failure. */
export function requireChromium(): boolean {
  if (chromiumProgram !== undefined) return true
  const advice =
    'no Chromium was found in PATH: install one (apt-get install chromium), or name it in CHROMIUM'
  if (process.env.DURE_REQUIRE_BROWSER !== undefined) throw new Error(advice)
  console.log(`left out: the tests of reports in a browser; ${advice}`)
  return false
}

export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumProgram!,
    // Its sandbox needs more than a container has, and the pages are our own.
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  })
}

function findProgram(): string | undefined {
  const named = process.env.CHROMIUM
  if (named !== undefined) return named
  const directories = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin']
  return directories
    .flatMap((directory) => ['chromium', 'chromium-browser'].map((name) => join(directory, name)))
    .find(existsSync)
}
