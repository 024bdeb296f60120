import { DureError } from '../../foundation/errors.ts'

/**
 * How a cluster is cut: `1,2|3,4,5` is two groups that do not hear each other.
 *
 * ```ts
 * parseSplit('1,2|3,4,5', [1, 2, 3, 4, 5]) // [[1, 2], [3, 4, 5]]
 * ```
 *
 * Every node stands in exactly one group. Errors: `invalid`, naming the node or the place.
 */
export function parseSplit(text: string, nodes: readonly number[]): number[][] {
  const example = `write for example --split "${exampleSplit(nodes)}"`
  const refuse = (found: string): never => {
    throw new DureError('invalid', `the split ${JSON.stringify(text)} ${found}: ${example}`)
  }
  const groups = text.split('|').map((group) =>
    group.split(',').map((part) => {
      const name = part.trim()
      if (!/^[1-9]\d{0,4}$/.test(name))
        refuse(name === '' ? 'has an empty place' : `names ${JSON.stringify(name)}, which is no node`)
      return Number(name)
    }),
  )
  const seen = new Set<number>()
  for (const node of groups.flat()) {
    if (!nodes.includes(node)) refuse(`names node ${node}, and there are ${nodes.join(', ')}`)
    if (seen.has(node)) refuse(`names node ${node} twice`)
    seen.add(node)
  }
  const missing = nodes.filter((node) => !seen.has(node))
  if (missing.length > 0) refuse(`leaves out node ${missing.join(' and node ')}`)
  if (groups.length < 2) refuse('is one group: nothing would be cut')
  return groups
}

/** Whom each node may not hear: everybody of the other groups. */
export function blockedBySplit(groups: readonly (readonly number[])[]): Map<number, number[]> {
  const all = groups.flat()
  return new Map(
    groups.flatMap((group) => group.map((node) => [node, all.filter((other) => !group.includes(other))])),
  )
}

function exampleSplit(nodes: readonly number[]): string {
  const minority = Math.max(1, Math.ceil(nodes.length / 2) - 1)
  return `${nodes.slice(0, minority).join(',')}|${nodes.slice(minority).join(',')}`
}
