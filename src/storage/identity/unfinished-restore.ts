/**
 * What a restore makes first in a directory and removes last: while it is there, what lies beside it is half of something,
 * and nobody may start on it.
 */
export const UNFINISHED_RESTORE = 'unfinished-restore'

export const unfinishedRestore = (directory: string): string =>
  `a restore into ${directory} did not come to its end: remove that directory and restore again`
