/** The addresses of a cluster, from another one on for each client: not all of them ask the same node first. */
export const startAt = (addresses: readonly string[], i: number): readonly string[] =>
  addresses.map((_, n) => addresses[(n + i) % addresses.length]!)
