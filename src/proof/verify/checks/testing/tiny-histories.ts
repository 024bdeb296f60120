import { expect } from 'vitest'
import { pairEvents } from '../../history/pair-events.ts'
import type { RecordedHistory } from '../../history/recorded-history.ts'
import type { RecordedOperation } from '../../history/recorded-operation.ts'

/**
 * For tests: that a check and its obviously right, slow twin say the same of many tiny histories, and that both answers
 * come up often enough to mean something. More histories: `DURE_CHECK_HISTORIES=100000`.
 */
export function expectAgreement(parts: {
  readonly histories: number
  readonly history: (seed: number) => RecordedHistory
  readonly check: (history: RecordedHistory) => unknown
  readonly slow: (operations: readonly RecordedOperation[], history: RecordedHistory) => unknown
}): void {
  const histories = Number(process.env.DURE_CHECK_HISTORIES ?? parts.histories)
  const answers = new Map<string, number>()
  for (let seed = 0; seed < histories; seed++) {
    const history = parts.history(seed)
    const found = JSON.stringify(parts.check(history))
    const right = JSON.stringify(parts.slow(pairEvents(history), history))
    if (found !== right) expect.fail(`seed ${seed}: found ${found}, but ${right} is right\n${show(history)}`)
    answers.set(right, (answers.get(right) ?? 0) + 1)
  }
  const rarest = answers.size < 2 ? 0 : Math.min(...[...answers.values()].sort((a, b) => b - a).slice(0, 2))
  expect(rarest, `the answers were ${JSON.stringify([...answers])}`).toBeGreaterThan(histories / 100)
}

function show(history: RecordedHistory): string {
  return history.events
    .map(({ index, process, type, f, value }) => `${index} ${process} ${type} ${f} ${JSON.stringify(value)}`)
    .join('\n')
}
