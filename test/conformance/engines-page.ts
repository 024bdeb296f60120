import type { CaseResult } from '../../src/ports/key-value/conformance/run-cases.ts'
import type { Guarantees } from '../../src/ports/key-value/guarantees.ts'

/** What one engine did. */
export interface EngineRun {
  readonly engine: string
  readonly description: string
  readonly guarantees: Guarantees
  readonly results: readonly CaseResult[]
}

/** `docs/engines.md`: what each engine promises, and every case on every engine. Says no times, so it changes with facts only. */
export function renderEnginesPage(runs: readonly EngineRun[]): string {
  return `${[
    '# Engines',
    '',
    'One interface, `KeyValueStore`, on every engine: what runs on one runs on the others. An engine says what it promises in its',
    '`guarantees`; what it cannot promise is refused by name, never weakened in silence. This page is written by',
    '',
    '```',
    'node bin/run.js test/conformance/write-engines-page.ts',
    '```',
    '',
    'from a run of the conformance cases on each; `npx dure conformance` runs the same cases on an engine of yours.',
    '',
    '## Where they ran',
    '',
    ...table(
      ['engine', 'what ran', 'cases'],
      runs.map((run) => [run.engine, run.description, summary(run.results)]),
    ),
    '',
    'On which other versions of etcd the same cases and tests ran, and how to run them on yours: [Dure on etcd](engines/etcd.md#which-versions-it-ran-on).',
    '',
    '## What they promise',
    '',
    ...table(['', ...runs.map(({ engine }) => engine)], promises(runs)),
    '',
    '`read`: the strongest read. `durability`: where an acknowledged write is. `commit`: what one commit may span.',
    '',
    '## What was shown',
    '',
    'Each line is a case: a small program that throws when the engine does anything else.',
    '',
    ...byGuarantee(runs).flatMap(([guarantee, names]) => [
      `**${escaped(guarantee)}**`,
      '',
      ...table(
        ['case', ...runs.map(({ engine }) => engine)],
        names.map((name) => [escaped(name), ...runs.map((run) => mark(run, name))]),
      ),
      '',
    ]),
    ...notes(runs),
  ]
    .join('\n')
    .trimEnd()}\n`
}

function promises(runs: readonly EngineRun[]): string[][] {
  const names = ['read', 'durability', 'commit', 'idempotentRetries', 'watch', 'leases'] as const
  return names.map((name) => [
    `\`${name}\``,
    ...runs.map(({ guarantees }) => {
      const promised = guarantees[name]
      return typeof promised === 'boolean' ? (promised ? 'yes' : 'no') : promised
    }),
  ])
}

function byGuarantee(runs: readonly EngineRun[]): [guarantee: string, names: string[]][] {
  const groups = new Map<string, Set<string>>()
  for (const { results } of runs) {
    for (const { guarantee, name } of results)
      groups.set(guarantee, (groups.get(guarantee) ?? new Set()).add(name))
  }
  return [...groups].map(([guarantee, names]) => [guarantee, [...names]])
}

function mark(run: EngineRun, name: string): string {
  const result = run.results.find((each) => each.name === name)
  if (result === undefined) return ''
  return { ok: 'ok', skipped: '–', failed: '**failed**' }[result.verdict]
}

function notes(runs: readonly EngineRun[]): string[] {
  const lines = runs.flatMap(({ engine, results }) =>
    results
      .filter(({ verdict }) => verdict !== 'ok')
      .map(
        ({ name, verdict, reason }) =>
          `- ${engine}, "${escaped(name)}": ${verdict}, ${escaped(reason ?? '')}`,
      ),
  )
  return lines.length === 0 ? [] : ['## What was left out or failed', '', ...lines]
}

function summary(results: readonly CaseResult[]): string {
  const count = (verdict: CaseResult['verdict']): number =>
    results.filter((result) => result.verdict === verdict).length
  const parts = [`${count('ok')} ok`]
  if (count('skipped') > 0) parts.push(`${count('skipped')} left out`)
  if (count('failed') > 0) parts.push(`**${count('failed')} failed**`)
  return parts.join(', ')
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)]
}

const escaped = (text: string): string =>
  text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('\n', ' ')
