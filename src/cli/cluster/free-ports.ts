import { createServer } from 'node:net'
import { DureError } from '../../foundation/errors.ts'
import type { NodeAddress } from './layout.ts'

/** Errors: `unavailable`, naming every port that another program holds and what to do. */
export async function requireFreePorts(nodes: readonly NodeAddress[]): Promise<void> {
  const wanted = nodes.flatMap(({ node, http, peer }) => [
    { what: `HTTP of node ${node}`, address: http },
    { what: `peers of node ${node}`, address: peer },
  ])
  const problems = await Promise.all(
    wanted.map(async ({ what, address }) => {
      const problem = await problemOf(address)
      return problem === undefined ? [] : [`port ${portOf(address)} (${what}) ${problem}`]
    }),
  )
  const found = problems.flat()
  if (found.length === 0) return
  const advice = 'end what holds them, or move the cluster with --base-port, for example --base-port 18080'
  throw new DureError('unavailable', `${found.join(', ')}: ${advice}`)
}

const portOf = (address: string) => Number(address.slice(address.lastIndexOf(':') + 1))

function problemOf(address: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', ({ code, message }: NodeJS.ErrnoException) => {
      resolve(code === 'EADDRINUSE' ? 'is in use' : code === 'EACCES' ? 'needs more rights' : message)
    })
    const host = address.slice(0, address.lastIndexOf(':'))
    server.listen({ host, port: portOf(address), exclusive: true }, () =>
      server.close(() => resolve(undefined)),
    )
  })
}
