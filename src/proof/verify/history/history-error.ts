import { DureError } from '../../../foundation/errors.ts'

/** Where in a file: both count from 1; a column counts UTF-16 units, as editors do. */
export interface FilePlace {
  readonly line: number
  readonly column: number
}

/** What `HistoryError` is told; its message is made of these parts. */
export interface HistoryProblem {
  /** What stands there: `the end of the text`, `"reed"`. */
  readonly found: string
  /** What could have stood there: `a value`, `one of invoke, ok, fail, info`. */
  readonly expected: string
  /** What to do about it, as a sentence. */
  readonly advice: string
  /** `index` of the event, where one is known. */
  readonly index?: number
  readonly line?: number
  readonly column?: number
  /** The name of the file, where it has one. */
  readonly file?: string
}

/**
 * A history that cannot be what a tool recorded: truncated, malformed, or contradicting itself.
 *
 * ```ts
 * try {
 *   readHistory('history.edn')
 * } catch (error) {
 *   if (error instanceof HistoryError) console.error(error.message, error.line, error.column)
 * }
 * ```
 */
export class HistoryError extends DureError {
  readonly expected: string
  readonly line: number | undefined
  readonly column: number | undefined
  readonly index: number | undefined
  readonly #problem: HistoryProblem

  constructor(problem: HistoryProblem) {
    super('invalid', messageOf(problem))
    this.expected = problem.expected
    this.line = problem.line
    this.column = problem.column
    this.index = problem.index
    this.#problem = problem
  }

  /** The same error at the place in the whole file of what was read apart. */
  at(line: number, column: number): HistoryError {
    return new HistoryError({ ...this.#problem, line, column })
  }

  /** The same error, naming the line of its event. */
  onLine(line: number): HistoryError {
    return new HistoryError({ ...this.#problem, line })
  }

  /** The same error, naming the file that it was found in. */
  in(file: string): HistoryError {
    return new HistoryError({ ...this.#problem, file })
  }
}

function messageOf(problem: HistoryProblem): string {
  return `${whereOf(problem)}found ${problem.found}, expected ${problem.expected}. ${problem.advice}`
}

function whereOf({ file, line, column, index }: HistoryProblem): string {
  const parts = [
    ...(file === undefined ? [] : [file]),
    ...(line === undefined ? [] : [`line ${line}`]),
    ...(column === undefined ? [] : [`column ${column}`]),
    ...(index === undefined ? [] : [`event ${index}`]),
  ]
  return parts.length === 0 ? '' : `${parts.join(', ')}: `
}
