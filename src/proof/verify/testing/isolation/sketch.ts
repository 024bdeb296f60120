import type { IsolationHistory } from '../../isolation/history/isolation-history.ts'
import { IsolationHistoryBuilder } from '../../isolation/history/isolation-history-builder.ts'

/** For tests: `['r', key, value]` or `['w', key, value]`; null is the initial state. */
export type SketchedOperation = readonly ['r' | 'w', number | string, number | null]
export type SketchedTransaction = readonly SketchedOperation[]
/** For tests: sessions of transactions, as plain data. */
export type Sketch = readonly (readonly SketchedTransaction[])[]

export function historyOf(sketch: Sketch): IsolationHistory {
  const builder = new IsolationHistoryBuilder()
  let event = 0
  for (let session = 0; session < sketch.length; session++) {
    builder.session(session)
    for (const transaction of sketch[session]!) {
      builder.transaction(event++)
      for (const [kind, key, value] of transaction) {
        if (kind === 'r') builder.read(key, value)
        else builder.write(key, value)
      }
    }
  }
  return builder.build()
}

/** AWDIT's text of a sketch; the initial state is 0 there. */
export function textOf(sketch: Sketch): string {
  const sessions = sketch.map((session) =>
    session
      .map((transaction) =>
        transaction.map(([kind, key, value]) => `${kind} ${key} ${value ?? 0}\n`).join(''),
      )
      .join('-----\n'),
  )
  return sessions.join('=====\n')
}

/**
 * `T0: w x 1 | T1: r x 1, w y 2 / T2: r y 2`: sessions are divided by `/`, transactions by `|`, operations by commas;
 * `-` is the initial state.
 */
export function sketch(text: string): Sketch {
  return text.split('/').map((session) =>
    session.split('|').map((transaction) =>
      transaction
        .split(',')
        .map((operation) => operation.trim().split(/\s+/))
        .map(
          ([kind, key, value]): SketchedOperation => [
            kind as 'r' | 'w',
            key!,
            value === '-' ? null : Number(value),
          ],
        ),
    ),
  )
}
