import type { Mutant } from './mutant.ts'

export interface MutantResult {
  readonly mutant: Mutant
  /** From every master seed. */
  readonly isFound: boolean
  /** How many it took from each master seed. */
  readonly seeds: readonly (number | undefined)[]
  readonly medianSeeds: number
  readonly medianVirtualMs: number
  readonly broken: readonly string[]
  /** With the responsible faults switched off. */
  readonly control:
    | {
        readonly seeds: number
        readonly found: { readonly seed: number; readonly broken: string } | undefined
      }
    | undefined
}

/** One line for a terminal. */
export function describeResult({
  mutant,
  isFound,
  seeds,
  medianSeeds,
  medianVirtualMs,
  broken,
  control,
}: MutantResult) {
  const name = `${mutant.number} ${mutant.name}`.padEnd(38)
  const each = seeds.map((count) => count ?? '-').join(' ')
  const found = `${isFound ? 'found' : 'NOT FOUND'}, median ${medianSeeds} seeds (${each}), ${Math.round(medianVirtualMs / 1_000)} virtual s`
  return `${name} ${found}; broke: ${broken.join(' | ')}; ${describeControl(control, mutant)}`
}

function describeControl(control: MutantResult['control'], { faults }: Mutant): string {
  if (control === undefined) return 'no control run'
  const off = `without ${faults.join(' ')}`
  if (control.found === undefined) return `${off}: not found in ${control.seeds} seeds`
  return `${off}: FOUND ALL THE SAME by seed ${control.found.seed} (${control.found.broken})`
}

/** The page `docs/mutants.md`. */
export function toMarkdown(results: readonly MutantResult[], tookSeconds: number): string {
  const rows = results.map(({ mutant, seeds, medianSeeds, medianVirtualMs, broken, control, isFound }) =>
    [
      mutant.number,
      mutant.title,
      isFound ? String(medianSeeds) : 'not found from every master seed',
      seeds.map((count) => count ?? '–').join(' '),
      String(Math.round(medianVirtualMs / 1_000)),
      broken.map(shorten).join('; '),
      mutant.faults.join(', '),
      controlCell(control),
    ].join(' | '),
  )
  const stories = results.map(
    ({ mutant }) =>
      `- **${mutant.number} ${mutant.title}** (\`${mutant.number}-${mutant.name}.patch\`). ${mutant.bug} Seen in: ${mutant.seenIn}.`,
  )
  return `# Mutants

<!-- Written by \`node bin/run.js test/mutants/run.ts --write docs/mutants.md\`; change test/mutants instead. -->

A simulator that finds nothing proves nothing. So known bugs, at least one for each of the twenty pitfalls that bit real
consensus systems, are kept as patches in \`test/mutants\`, outside the shipped code. Each is applied to a copy of the source,
and seeds are run from five master seeds until one fails. Then the faults that are responsible are switched off, and the bug
must not be found in three times the median number of seeds, at least 30.

\`\`\`
node bin/run.js test/mutants/run.ts --only 04                       # one of them
node bin/run.js test/mutants/run.ts --write docs/mutants.md         # all, and this page (${tookSeconds} s last time, two processes)
\`\`\`

One seed of the standing scenario is at least 60 seconds of virtual time. The unpatched source passes the same seeds.

| | bug | median seeds | from each master seed | virtual s | what broke | responsible faults | with those off |
| --- | --- | --- | --- | --- | --- | --- | --- |
${rows.map((row) => `| ${row} |`).join('\n')}

## What they are

${stories.join('\n')}
`
}

function controlCell(control: MutantResult['control']): string {
  if (control === undefined) return 'not run'
  return control.found === undefined
    ? `not found in ${control.seeds}`
    : `found: ${shorten(control.found.broken)}`
}

const shorten = (text: string): string =>
  text
    .replace(/^invariant broken: /, 'assertion: ')
    .replaceAll('|', '/')
    .slice(0, 80)
