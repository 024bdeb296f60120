import { DureError } from '../../foundation/errors.ts'

export interface Address {
  readonly host: string
  readonly port: number
}

/** Reads `127.0.0.1:7001`, `localhost:7001` or `[::1]:7001`. */
export function parseAddress(address: string): Address {
  const colon = address.lastIndexOf(':')
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1')
  const portText = address.slice(colon + 1)
  const port = Number(portText)
  if (colon <= 0 || host === '' || !/^\d{1,5}$/.test(portText) || port > 65_535) {
    throw new DureError(
      'invalid',
      `cannot use the address ${JSON.stringify(address)}: give a host and a port, for example 127.0.0.1:7001`,
    )
  }
  return { host, port }
}
