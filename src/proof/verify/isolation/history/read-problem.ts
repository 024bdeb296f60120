import { unreachable } from '../../../../foundation/assert.ts'

/**
 * A read that breaks what every level asks, by itself (the read consistency of Møldrup and Pavlogiannis 2025, section
 * 2.2), or one that cannot be judged.
 *
 * - `garbage-read`: nobody wrote the value (a thin-air read).
 * - `G1a`: an aborted transaction wrote it.
 * - `G1b`: its writer wrote over it before it ended: an intermediate value.
 * - `future-read`: the transaction itself writes it, later.
 * - `internal`: the transaction wrote another value to the key before.
 * - `ambiguous-read`: several transactions wrote the value to the key, so which one was read cannot be told.
 */
export type ReadProblemName = 'garbage-read' | 'G1a' | 'G1b' | 'future-read' | 'internal' | 'ambiguous-read'

export interface ReadProblem {
  readonly name: ReadProblemName
  readonly reader: number
  readonly key: string
  readonly value: string
  /** Transactions that wrote the value, by number; of `G1a` the event of the aborted one. */
  readonly writers: readonly number[]
  /** Of `internal`: what the transaction had written. */
  readonly own?: string
}

/** Why it is one, in a sentence; `name` has the names of transactions. */
export function explainReadProblem(problem: ReadProblem, name: (transaction: number) => string): string {
  const { key, value } = problem
  const reader = name(problem.reader)
  switch (problem.name) {
    case 'garbage-read':
      return `${reader} read ${key} = ${value}, which no transaction wrote.`
    case 'G1a':
      return `${reader} read ${key} = ${value}, which only the aborted transaction T${problem.writers[0]} wrote.`
    case 'G1b':
      return `${reader} read ${key} = ${value}, which ${name(problem.writers[0]!)} wrote and then wrote over before it ended.`
    case 'future-read':
      return `${reader} read ${key} = ${value} before it wrote that itself.`
    case 'internal':
      return `${reader} wrote ${key} = ${problem.own}, and then read ${key} = ${value} in the same transaction.`
    case 'ambiguous-read':
      return `${reader} read ${key} = ${value}, which ${problem.writers.map(name).join(' and ')} both wrote: which of them it saw cannot be told.`
    default:
      return unreachable(problem.name)
  }
}
