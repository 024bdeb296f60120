import { linesMax, packageEntries } from '../house.ts'
import type { SourceFile } from '../source-file.ts'

/** A file over the bound says at its head why it is one idea: `// Long because …`. */
export function checkLength(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, text }) => {
    const lines = text.trimEnd().split('\n').length
    if (lines <= linesMax || /^(\/\/|\/\*\*?)\s*Long because/.test(text)) return []
    return `${path} has ${lines} lines (at most ${linesMax}): split it, or begin it with "// Long because …"`
  })
}

export function checkDefaultExports(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => path !== 'vitest.config.ts')
    .flatMap(({ path, exports }) =>
      exports.filter(({ name }) => name === 'default').map(({ line }) => `${path}:${line}`),
    )
    .map((place) => `${place} has a default export: give it a name that is the same everywhere`)
}

/** Only the package's entries pass on what others declare. */
export function checkBarrels(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => !packageEntries.includes(path))
    .flatMap(({ path, imports }) =>
      imports
        .filter(({ reexport }) => reexport)
        .map(({ from, line }) => `${path}:${line} passes on ${from}: import it where it is declared`),
    )
}

/** A test that runs alone hides all the others. */
export function checkOnly(files: readonly SourceFile[]): string[] {
  const alone = /^\s*(?:test|it|describe|suite)\b[\w.]*\.only\b/
  return files
    .filter(({ path }) => path.endsWith('.test.ts'))
    .flatMap(({ path, text }) =>
      text
        .split('\n')
        .flatMap((line, i) => (alone.test(line) ? `${path}:${i + 1} runs one test alone: remove .only` : [])),
    )
}
