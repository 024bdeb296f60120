import type { ObservedOperation } from '../../ports/key-value/conformance/conformance-case.ts'
import type { History } from '../verify/history/operation.ts'
import { checkLinearizable } from '../verify/linearizability/check-linearizable.ts'
import {
  type KeyValueInput,
  type KeyValueOutput,
  keyValueModel,
} from '../verify/linearizability/key-value-model.ts'

/**
 * Holds what the conformance cases observed against the linearizability checker; throws the witness.
 *
 * ```ts
 * await run({ open, prefix, checkHistory: checkObservedHistory })
 * ```
 */
export function checkObservedHistory(observed: readonly ObservedOperation[]): void {
  const history = observed.map(toOperation)
  // Cases about errors alone observe nothing that an order could contradict.
  if (!history.some(({ outcome }) => outcome === 'ok')) return
  const result = checkLinearizable(history, keyValueModel)
  if (result.verdict === 'valid') return
  throw new Error(result.verdict === 'invalid' ? result.witness.text : result.summary)
}

function toOperation(observed: ObservedOperation): History<KeyValueInput, KeyValueOutput>[number] {
  const { outcome } = observed
  const ended = outcome === 'ok' || outcome === 'comparison-failed'
  return {
    process: observed.client,
    call: observed.call,
    return: observed.return,
    input: inputOf(observed),
    outcome: ended ? 'ok' : outcome,
    output: ended ? outputOf(observed) : undefined,
  }
}

function inputOf({ kind, key, value, ifVersion }: ObservedOperation): KeyValueInput {
  if (kind === 'put') return { kind, key, value: value!, ifVersion }
  return kind === 'get' ? { kind, key } : { kind, key, ifVersion }
}

function outputOf({ kind, value, version, outcome }: ObservedOperation): KeyValueOutput {
  if (outcome === 'comparison-failed') return { kind: 'comparison-failed' }
  return kind === 'get' ? { kind: 'value', value, version } : { kind: 'written', version }
}
