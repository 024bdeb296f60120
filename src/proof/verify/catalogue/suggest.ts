/** Words further away than this are other words, not mistyped ones. */
const EDITS_MAX = 3

/**
 * The known word that someone most likely meant; undefined when none is near.
 *
 * ```ts
 * suggest('list-apend', ['list-append', 'bank']) // 'list-append'
 * ```
 */
export function suggest(word: string, known: readonly string[]): string | undefined {
  const wanted = word.toLowerCase()
  let best: string | undefined
  let bestEdits = EDITS_MAX + 1
  for (const candidate of known) {
    const edits = editsBetween(wanted, candidate.toLowerCase())
    // Half of a word changed makes another word.
    if (edits < bestEdits && edits * 2 < Math.max(wanted.length, candidate.length)) {
      best = candidate
      bestEdits = edits
    }
  }
  return best ?? known.find((candidate) => wanted.length >= 3 && candidate.toLowerCase().startsWith(wanted))
}

/** ` (did you mean list-append?)`, to be set behind the word in an error; empty when nothing is near. */
export function didYouMean(word: string, known: readonly string[]): string {
  const meant = suggest(word, known)
  return meant === undefined ? '' : ` (did you mean ${meant}?)`
}

/** Characters to insert, remove, replace or swap with their neighbour (Damerau 1964, each place changed once). */
function editsBetween(left: string, right: string): number {
  const rows = [Array.from({ length: right.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= left.length; i++) {
    const row = [i]
    const above = rows[i - 1]!
    for (let j = 1; j <= right.length; j++) {
      const change = left[i - 1] === right[j - 1] ? 0 : 1
      let edits = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + change)
      const isSwapped = i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1]
      if (isSwapped) edits = Math.min(edits, rows[i - 2]![j - 2]! + 1)
      row.push(edits)
    }
    rows.push(row)
  }
  return rows[left.length]![right.length]!
}
