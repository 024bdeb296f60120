import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Mutant } from './mutant.ts'

export interface MutantResult {
  readonly number: string
  readonly name: string
  /** How many seeds it took from each master seed; null where it was not found. */
  readonly seeds: readonly (number | null)[]
  /** Null when most master seeds did not find it. */
  readonly medianSeeds: number | null
  /** Of all seeds up to the one that found it. */
  readonly medianVirtualMs: number
  readonly broken: readonly string[]
  /** With the responsible faults switched off. */
  readonly control:
    | {
        readonly seeds: number
        readonly found: { readonly seed: number; readonly broken: string } | null
      }
    | undefined
}

/** One line for a terminal. */
export function describeResult(result: MutantResult, { faults }: Mutant): string {
  const { number, name, seeds, medianSeeds, medianVirtualMs, broken, control } = result
  const each = seeds.map((count) => count ?? '-').join(' ')
  const found = `${isFound(result) ? 'found' : 'NOT ALWAYS FOUND'}, median ${medianSeeds ?? '-'} seeds (${each}), ${Math.round(medianVirtualMs / 1_000)} virtual s`
  const off =
    control === undefined
      ? 'no control run'
      : `without ${faults.join(' ')}: ${control.found === null ? 'not found' : `FOUND ALL THE SAME (${control.found.seed}: ${control.found.broken})`} in ${control.seeds} seeds`
  return `${`${number} ${name}`.padEnd(38)} ${found}; broke: ${broken.join(' | ')}; ${off}`
}

/** From every master seed. */
export const isFound = ({ seeds }: MutantResult): boolean => seeds.every((count) => count !== null)

const docs = resolve(import.meta.dirname, '../../docs')
const jsonPath = resolve(docs, 'mutants.json')

/** Puts new results beside those of earlier runs, and writes the page anew from all of them. */
export function record(results: readonly MutantResult[], mutants: readonly Mutant[]): void {
  const earlier: MutantResult[] = existsSync(jsonPath) ? JSON.parse(readFileSync(jsonPath, 'utf8')) : []
  const all = mutants.flatMap(({ number, name }) => {
    const isThis = (result: MutantResult): boolean => result.number === number && result.name === name
    return results.find(isThis) ?? earlier.find(isThis) ?? []
  })
  writeFileSync(jsonPath, `${JSON.stringify(all, null, 2)}\n`)
  writeFileSync(resolve(docs, 'mutants.md'), toMarkdown(all, mutants))
}

function toMarkdown(results: readonly MutantResult[], mutants: readonly Mutant[]): string {
  const rows = results.map(({ number, name, seeds, medianSeeds, medianVirtualMs, broken, control }) => {
    const mutant = mutants.find((one) => one.number === number && one.name === name)!
    return [
      number,
      mutant.title,
      medianSeeds ?? 'not found',
      seeds.map((count) => count ?? '–').join(' '),
      Math.round(medianVirtualMs / 1_000),
      broken.map(shorten).join('; '),
      mutant.scenario === 'standing' ? mutant.faults.join(', ') : `${mutant.faults.join(', ')} (drill)`,
      controlCell(control),
    ].join(' | ')
  })
  const stories = mutants.map(
    ({ number, name, title, bug, seenIn }) =>
      `- **${number} ${title}** (\`${number}-${name}.patch\`). ${bug} Seen in: ${seenIn}.`,
  )
  return `# Mutants

<!-- Written by \`node bin/run.js test/mutants/run.ts --record\`: change test/mutants instead. -->

A simulator that finds nothing proves nothing. So known bugs, at least one for each of the twenty pitfalls that bit real
consensus systems, are kept as patches in \`test/mutants\`, outside the shipped code. Each is applied to a copy of the source,
and seeds are run from five master seeds until one fails. Then the faults that are responsible are switched off, and the
same bug must not be found in three times the median number of seeds, at least 30.

\`\`\`
node bin/run.js test/mutants/run.ts --only 04          # one of them
node bin/run.js test/mutants/run.ts --record           # all, and this page with docs/mutants.json
\`\`\`

One seed of the standing scenario is at least 60 seconds of virtual time, and takes about one real one. A drill plays one
fault alone. "–" stands for a master seed that found nothing in the time it was given.

| | bug | median seeds | from each master seed | virtual s | what broke | responsible faults | with those off |
| --- | --- | --- | --- | --- | --- | --- | --- |
${rows.map((row) => `| ${row} |`).join('\n')}

## What they are

${stories.join('\n')}
`
}

function controlCell(control: MutantResult['control']): string {
  if (control === undefined) return 'not run'
  return control.found === null ? `not found in ${control.seeds}` : `found: ${shorten(control.found.broken)}`
}

const shorten = (text: string): string =>
  text
    .replace(/^invariant broken: /, 'assertion: ')
    .replaceAll('|', '/')
    .slice(0, 90)
