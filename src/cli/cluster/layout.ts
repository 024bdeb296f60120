/** Where the nodes of a local cluster listen. */
export interface Layout {
  readonly nodes: number
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

/** Without a base port: HTTP from 8080, peers from 7001. With one: HTTP from it, peers 101 after it. */
export function layoutOf(nodes: number, basePort: number | undefined): Layout {
  return basePort === undefined
    ? { nodes, basePort: 8080, peerBasePort: 7000 }
    : { nodes, basePort, peerBasePort: basePort + 100 }
}

export function addressesOf({ nodes, basePort, peerBasePort }: Layout): NodeAddress[] {
  return Array.from({ length: nodes }, (_, i) => ({
    node: i + 1,
    http: `${LOOPBACK}:${basePort + i}`,
    peer: `${LOOPBACK}:${peerBasePort + i + 1}`,
  }))
}
