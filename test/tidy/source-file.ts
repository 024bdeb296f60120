/** What the rules look at: plain facts about one file, taken from TypeScript's own syntax tree. */
export interface SourceFile {
  /** From the root of the project, with `/`. */
  readonly path: string
  readonly text: string
  readonly imports: readonly Import[]
  readonly exports: readonly Export[]
  /** Names used that the file does not declare itself: globals, if they exist at all. */
  readonly globals: readonly Mention[]
  /** Names taken from a value: `localeCompare` in `a.localeCompare(b)`. */
  readonly members: readonly Mention[]
}

export interface Import {
  /** A path from the root of the project, or a package's specifier as written. */
  readonly from: string
  readonly line: number
  /** Nothing of it is left when the types are gone. */
  readonly typeOnly: boolean
  /** The names taken; `*` for all of them. */
  readonly names: readonly string[]
  /** `export … from`. */
  readonly reexport: boolean
}

export interface Export {
  /** `default` for a default export, `*` for `export * from`. */
  readonly name: string
  readonly line: number
  readonly isType: boolean
  /** How often the file itself speaks of it, beyond declaring it. */
  readonly usesInside: number
}

export interface Mention {
  readonly name: string
  /** For a global: the member taken from it, `now` in `Date.now()`. */
  readonly member: string | undefined
  readonly line: number
}

/** Tests, and what only tests use. */
export const isTest = (path: string): boolean =>
  path.endsWith('.test.ts') || path.startsWith('test/') || isTestHelper(path)

/** Folders called `testing` are not published. */
export const isTestHelper = (path: string): boolean => path.includes('/testing/')
