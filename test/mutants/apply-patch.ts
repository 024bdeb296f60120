interface Hunk {
  readonly path: string
  readonly before: string
  readonly after: string
}

/**
 * Applies a unified diff, and cares for its text alone: each hunk must match at exactly one place of its file, wherever
 * that is by now. So a patch outlives changes around it, and says so when its own lines have changed.
 *
 * ```ts
 * const changed = applyPatch(patch, (path) => readFileSync(path, 'utf8')) // path → new text
 * ```
 */
export function applyPatch(patch: string, read: (path: string) => string): ReadonlyMap<string, string> {
  const texts = new Map<string, string>()
  for (const { path, before, after } of readHunks(patch)) {
    const text = texts.get(path) ?? read(path)
    const at = text.indexOf(before)
    if (at === -1) throw new Error(`${path} holds these lines no more: bring the patch up to date\n${before}`)
    if (text.indexOf(before, at + 1) !== -1)
      throw new Error(`${path} holds these lines twice: give the patch more context\n${before}`)
    texts.set(path, text.slice(0, at) + after + text.slice(at + before.length))
  }
  if (texts.size === 0) throw new Error('the patch changes nothing')
  return texts
}

function readHunks(patch: string): Hunk[] {
  const hunks: Hunk[] = []
  let path = ''
  let before = ''
  let after = ''
  const end = (): void => {
    if (before !== '') hunks.push({ path, before, after })
    before = after = ''
  }
  for (const line of patch.split('\n')) {
    if (line.startsWith('--- ')) end()
    else if (line.startsWith('+++ b/')) path = line.slice(6)
    else if (line.startsWith('@@')) end()
    else if (line.startsWith(' ')) {
      before += `${line.slice(1)}\n`
      after += `${line.slice(1)}\n`
    } else if (line.startsWith('-')) before += `${line.slice(1)}\n`
    else if (line.startsWith('+')) after += `${line.slice(1)}\n`
  }
  end()
  return hunks
}
