import type { Branded } from '../../foundation/ids.ts'

/**
 * The place of a value in its key's history: opaque, ordered for one key, equal only for the very same write. Not to be
 * compared between keys.
 */
export type Version = Branded<number, 'Version'>

/** The version of a key that does not exist: as `ifVersion`, "must not exist". */
export const absent = 0 as Version

/** Newer than `than`, for two versions of one key. */
export const isNewer = (version: Version, than: Version): boolean => version > than

/** For codecs: a version as it travels, a whole number from 0 to 2^53 - 1. */
export const versionFromNumber = (value: number): Version => value as Version
