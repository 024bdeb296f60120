import { DureError } from '../../foundation/errors.ts'

/**
 * A command of a format, a kind or with an operation that this version has no name for: a newer one wrote it. Told apart from
 * malformed bytes, because what it does cannot be left out where others do it.
 */
export class UnknownCommand extends DureError {
  constructor(what: 'format' | 'kind' | 'operation', found: number, offset: number) {
    super(
      'protocol',
      `a command has the ${what} ${found} (at offset ${offset}), which this version of Dure does not know: a newer version wrote it`,
    )
  }
}
