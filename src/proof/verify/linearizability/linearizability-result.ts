import type { CheckResult, Spent } from '../verdict/verdict.ts'
import type { Witness } from './witness/witness.ts'

/**
 * What `checkLinearizable` answers. `key` names the part that decided, `''` where there is one object. A step is one
 * operation that was tried in one place.
 */
export type LinearizabilityResult = Linearizable | NotLinearizable | Undecided

export interface Linearizable extends CheckResult {
  readonly verdict: 'valid'
}

export interface NotLinearizable extends CheckResult {
  readonly verdict: 'invalid'
  readonly key: string
  /** Why, of the first part that was found to be wrong. */
  readonly witness: Witness
  /** Of all that were: more than one when `findAll` was asked for. */
  readonly witnesses: readonly Witness[]
}

export interface Undecided extends CheckResult {
  readonly verdict: 'unknown'
  readonly key: string
}

/** What came of one part; plain data, so that a worker thread can hand it back. */
export type PartResult =
  | { readonly verdict: 'valid'; readonly key: string; readonly spent: Spent }
  | { readonly verdict: 'invalid'; readonly key: string; readonly spent: Spent; readonly witness: Witness }
  | { readonly verdict: 'unknown'; readonly key: string; readonly spent: Spent; readonly reason: string }

/** One answer from those of the parts; parts that nobody looked at once one was wrong may be missing. */
export function combineParts(results: readonly PartResult[]): LinearizabilityResult {
  const spent: Spent = {
    steps: results.reduce((sum, result) => sum + result.spent.steps, 0),
    memoryBytes: results.reduce((most, result) => Math.max(most, result.spent.memoryBytes), 0),
  }
  const wrong = results.filter((result) => result.verdict === 'invalid')
  if (wrong.length > 0) {
    const witnesses = wrong.map(({ witness }) => witness)
    return {
      verdict: 'invalid',
      summary: witnesses.map(({ summary }) => summary).join(' '),
      anomalies: witnesses.map(({ summary, explanation, drawing, conflict }) => ({
        name: 'not-linearizable',
        explanation: `${summary}\n${explanation}`,
        drawing,
        events: conflict.map(({ call }) => call),
      })),
      spent,
      key: wrong[0]!.key,
      witness: witnesses[0]!,
      witnesses,
    }
  }
  const open = results.filter((result) => result.verdict === 'unknown')
  if (open.length > 0) {
    const keys = open.map(({ key }) => key)
    const which =
      keys[0] === ''
        ? 'The history'
        : keys.length === 1
          ? `Key ${keys[0]}`
          : `${keys.length} keys, such as ${keys[0]},`
    return {
      verdict: 'unknown',
      summary: `${which} could not be decided: ${open[0]!.reason}.`,
      anomalies: [],
      spent,
      key: keys[0]!,
    }
  }
  if (results.length === 0) {
    const summary =
      'Nothing can be said of the history: no operation was answered, or can have changed anything.'
    return { verdict: 'unknown', summary, anomalies: [], spent, key: '' }
  }
  return { verdict: 'valid', summary: 'The history is linearizable.', anomalies: [], spent }
}
