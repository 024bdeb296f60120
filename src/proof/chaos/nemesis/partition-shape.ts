import type { Random } from '../../../runtime/random.ts'
import type { Cut } from './cluster-under-test.ts'

/**
 * How a network comes apart:
 *
 * - `halves`: two parts, one of them a majority;
 * - `isolate-one`: one node alone;
 * - `minority-third`: a third of the nodes, no majority, away from the rest;
 * - `majority-ring`: every node reaches a majority, and no two the same one;
 * - `bridge`: two halves that one node alone connects;
 * - `one-way`: one part hears the other and is not heard.
 */
export const partitionShapes = [
  'halves',
  'isolate-one',
  'minority-third',
  'majority-ring',
  'bridge',
  'one-way',
] as const
export type PartitionShape = (typeof partitionShapes)[number]

export interface Partition {
  readonly shape: PartitionShape
  readonly cuts: readonly Cut[]
  /** For a person: `1,2 | 3,4,5`. */
  readonly described: string
}

/**
 * Cuts of a shape, with nodes drawn for their places; `first`, where it is given, is on the smaller side.
 *
 * ```ts
 * drawPartition('halves', ['1', '2', '3', '4', '5'], random).described // '2,4 | 1,3,5'
 * ```
 */
export function drawPartition(
  shape: PartitionShape,
  nodes: readonly string[],
  random: Random,
  first?: string,
): Partition {
  const shuffled = shuffle(nodes, random)
  const order = first === undefined ? shuffled : [first, ...shuffled.filter((node) => node !== first)]
  const minority = Math.max(1, Math.floor((nodes.length - 1) / 2))
  switch (shape) {
    case 'halves':
      return apart(shape, order.slice(0, minority), order.slice(minority))
    case 'isolate-one':
      return apart(shape, order.slice(0, 1), order.slice(1))
    case 'minority-third': {
      const third = Math.max(1, Math.min(minority, Math.floor(nodes.length / 3)))
      return apart(shape, order.slice(0, third), order.slice(third))
    }
    case 'one-way': {
      const parts = [order.slice(0, minority), order.slice(minority)] as const
      // The smaller part is heard and hears nothing, or hears all and is not heard.
      const [heard, hearing] = random.next() < 0.5 ? parts : ([parts[1], parts[0]] as const)
      return { shape, cuts: oneWay(hearing, heard), described: `${names(heard)} → ${names(hearing)}` }
    }
    case 'bridge': {
      const [bridge, ...others] = order
      const half = Math.floor(others.length / 2)
      const [left, right] = [others.slice(0, half), others.slice(half)]
      const cuts = [...oneWay(left, right), ...oneWay(right, left)]
      return { shape, cuts, described: `${names(left)} | ${bridge} | ${names(right)}` }
    }
    case 'majority-ring':
      return majorityRing(order)
  }
}

function apart(shape: PartitionShape, left: readonly string[], right: readonly string[]): Partition {
  const cuts = [...oneWay(left, right), ...oneWay(right, left)]
  return { shape, cuts, described: `${names(left)} | ${names(right)}` }
}

/** Nodes in a circle; each reaches its nearest neighbours, as many as make a majority with itself. */
function majorityRing(circle: readonly string[]): Partition {
  const count = circle.length
  const majority = Math.floor(count / 2) + 1
  // The same number to each side, so that whom one reaches reaches it too.
  const reach = Math.ceil((majority - 1) / 2)
  const distance = (i: number, j: number) => Math.min((i - j + count) % count, (j - i + count) % count)
  const cuts = circle.flatMap((from, i) =>
    circle.flatMap((to, j) => (i !== j && distance(i, j) > reach ? [{ from, to }] : [])),
  )
  return { shape: 'majority-ring', cuts, described: `ring ${circle.join('–')}` }
}

const oneWay = (from: readonly string[], to: readonly string[]): Cut[] =>
  from.flatMap((sender) => to.map((receiver) => ({ from: sender, to: receiver })))

const names = (nodes: readonly string[]): string => [...nodes].sort().join(',')

function shuffle(nodes: readonly string[], random: Random): string[] {
  const shuffled = [...nodes]
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = random.integer(0, i)
    ;[shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!]
  }
  return shuffled
}
