import type { Endpoint } from '../network.ts'
import type { Incarnation } from './incarnation.ts'

/** A client's connection to a node; it dies with either side. */
export interface Connection {
  readonly client: Incarnation
  readonly clientEndpoint: Endpoint
  readonly server: Incarnation
  readonly serverEndpoint: Endpoint
  isOpen: boolean
}

/** What a client holds for an address: at most one connection, made by its next send. */
export interface ClientLink {
  readonly endpoint: Endpoint
  readonly nodeId: number
  connection: Connection | undefined
  /** After a refusal nothing is tried before this. */
  retryAtUs: number
}
