import type { History, Operation } from '../../verify/history/operation.ts'
import type { KeyValueInput, KeyValueOutput } from '../../verify/linearizability/key-value-model.ts'
import type { AppliedOnce } from '../invariants/applied-once.ts'

/**
 * Tells the checker what became of writes whose clients never learned it. A simulation sees the log: a value that was
 * committed is a write that took effect at some time after its call, with that version; one that never was is a write
 * that did not happen. This leaves the checker less freedom than "unknown" would, so it convicts more and searches less.
 * Deletes write no value and stay unknown.
 */
export function settleUnknown(
  history: History<KeyValueInput, KeyValueOutput>,
  applied: AppliedOnce,
): History<KeyValueInput, KeyValueOutput> {
  // Later than every event.
  let end = 0
  for (const operation of history) end = Math.max(end, operation.call, operation.return ?? 0)
  return history.flatMap((operation): Operation<KeyValueInput, KeyValueOutput>[] => {
    if (operation.outcome !== 'unknown') return [operation]
    const value = writtenValue(operation.input)
    if (value === undefined) return [operation]
    const version = applied.versionOf(value)
    if (version === undefined) return []
    return [{ ...operation, outcome: 'ok', return: ++end, output: { kind: 'written', version } }]
  })
}

function writtenValue(input: KeyValueInput): string | undefined {
  switch (input.kind) {
    case 'put':
      return input.value
    case 'commit':
      return input.operations.find(({ value }) => value !== undefined)?.value
    case 'get':
    case 'delete':
      return undefined
  }
}
