/** A text file of the project, of any kind. */
export interface TextFile {
  readonly path: string
  readonly text: string
}

/** The project speaks of itself: a reader elsewhere can follow every sentence. */
export function checkWords(files: readonly TextFile[]): string[] {
  return files.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, i) => {
      const found = places.find(({ pattern }) => pattern.test(line))
      return found === undefined ? [] : `${path}:${i + 1} ${found.why}: ${line.trim().slice(0, 80)}`
    }),
  )
}

const places = [
  { pattern: /(^|[\s"'`(=])\/(work|root|home|Users)\/[\w.-]/, why: 'names a path of one machine' },
  {
    pattern: /https?:\/\/[^/\s"']*(registry|artifactory|mirror|proxy)[^/\s"']*\//i,
    why: 'names a registry host',
  },
  { pattern: /(?<![\w/-])issues? #?\d/i, why: 'names an issue by number; say what it is about' },
  { pattern: /(^|\s)(TODO|FIXME|XXX|HACK)\b/, why: 'leaves work for later: do it or leave it out' },
  {
    pattern: /\b(sub-?agents?|language model|chat transcript|co-authored-by)\b/i,
    why: 'speaks of how it was made',
  },
]
