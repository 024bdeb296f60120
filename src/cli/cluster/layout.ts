/** Where the nodes of a local cluster listen. */
export interface Layout {
  /** How many it began with. */
  readonly nodes: number
  /** Who belongs to it now, when members came or went since. */
  readonly members?: readonly number[] | undefined
  /** HTTP of node i is on `basePort + i - 1`. */
  readonly basePort: number
  /** Peers and clients of node i on `peerBasePort + i`. */
  readonly peerBasePort: number
}

export interface NodeAddress {
  readonly node: number
  readonly http: string
  readonly peer: string
}

const LOOPBACK = '127.0.0.1'
export const NODES_MAX = 9
/** A number is never used again, so a cluster that replaces its nodes goes beyond those it began with. */
export const NODE_NUMBER_MAX = 99

/** Without a base port: HTTP from 8080, peers from 7001. With one: HTTP from it, peers 101 after it. */
export function layoutOf(nodes: number, basePort: number | undefined): Layout {
  return basePort === undefined
    ? { nodes, basePort: 8080, peerBasePort: 7000 }
    : { nodes, basePort, peerBasePort: basePort + 100 }
}

export function addressesOf(layout: Layout): NodeAddress[] {
  return membersOf(layout).map((node) => addressOf(layout, node))
}

export const membersOf = ({ nodes, members }: Layout): readonly number[] =>
  members ?? Array.from({ length: nodes }, (_, i) => i + 1)

/** Also of one that is not a member yet. */
export const addressOf = ({ basePort, peerBasePort }: Layout, node: number): NodeAddress => ({
  node,
  http: `${LOOPBACK}:${basePort + node - 1}`,
  peer: `${LOOPBACK}:${peerBasePort + node}`,
})
