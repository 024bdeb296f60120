import type { RecordedOperation } from '../history/recorded-operation.ts'

/** Calls and returns in the order of their events. */
export function forEachEnd(
  operations: readonly RecordedOperation[],
  visit: (operation: RecordedOperation, end: 'call' | 'return') => void,
): void {
  // Returns come nearly in the order of calls already, which makes this sort all but linear.
  const returned = operations
    .filter((operation) => operation.return !== undefined)
    .sort((a, b) => a.return! - b.return!)
  let next = 0
  for (const operation of operations) {
    while (next < returned.length && returned[next]!.return! < operation.call) {
      visit(returned[next++]!, 'return')
    }
    visit(operation, 'call')
  }
  while (next < returned.length) visit(returned[next++]!, 'return')
}
