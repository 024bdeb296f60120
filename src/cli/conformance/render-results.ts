import type { CaseResult, Verdict } from '../../ports/key-value/conformance/run-cases.ts'
import type { Style, Tone } from '../output/style.ts'

const tones: Readonly<Record<Verdict, Tone>> = { ok: 'good', skipped: 'quiet', failed: 'bad' }
const VERDICT_WIDTH = 'skipped'.length

/** The cases below the guarantee that they show, and why one was skipped or failed. */
export function renderResults(results: readonly CaseResult[], style: Style): string {
  const lines: string[] = []
  const groups = Map.groupBy(results, ({ guarantee }) => guarantee)
  for (const [guarantee, cases] of groups) {
    lines.push(style('strong', guarantee))
    for (const { verdict, name, reason } of cases) {
      lines.push(`  ${style(tones[verdict], verdict.padEnd(VERDICT_WIDTH))}  ${name}`)
      if (reason !== undefined) lines.push(`  ${' '.repeat(VERDICT_WIDTH)}  ${style('quiet', reason)}`)
    }
    lines.push('')
  }
  return `${lines.join('\n')}\n`
}

export interface Counts {
  readonly ok: number
  readonly skipped: number
  readonly failed: number
}

export function countVerdicts(results: readonly CaseResult[]): Counts {
  const counts = { ok: 0, skipped: 0, failed: 0 }
  for (const { verdict } of results) counts[verdict]++
  return counts
}
