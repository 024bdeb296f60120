import { refuseArgument } from '../../ports/key-value/limits.ts'

export interface EtcdOptions {
  /** `host:port` of the members, or of some; with `https://` before it TLS is used. */
  readonly endpoints: readonly string[]
  /** With etcd's authentication switched on; the password with it. */
  readonly username?: string
  readonly password?: string
  /** In PEM. Given at all, all connections use TLS; `cert` and `key` together, when etcd asks clients for one. */
  readonly tls?: EtcdTls
  /** Before every key: several programs can share an etcd, each behind its prefix. Nothing unless said. */
  readonly keyPrefix?: string
}

export interface EtcdTls {
  /** Who may sign the servers' certificates; the system's authorities unless given. */
  readonly ca?: string | Buffer
  readonly cert?: string | Buffer
  readonly key?: string | Buffer
  /** The name that the servers' certificates are checked for, where it is not the endpoint's host. */
  readonly servername?: string
}

export interface Endpoint {
  /** `host:port`. */
  readonly authority: string
  readonly tls: EtcdTls | undefined
}

const KEY_PREFIX_BYTES_MAX = 1_024

/** Refuses options that make no sense, before anything is connected. */
export function readEndpoints(options: EtcdOptions): readonly Endpoint[] {
  const { endpoints, username, password, tls, keyPrefix } = options
  if (!Array.isArray(endpoints) || endpoints.length === 0) {
    refuseArgument('no endpoint of etcd was given', "give at least one, for example '127.0.0.1:2379'")
  }
  if ((username === undefined) !== (password === undefined)) {
    refuseArgument('one of username and password is missing', 'give both or neither')
  }
  if ((tls?.cert === undefined) !== (tls?.key === undefined)) {
    refuseArgument('one of tls.cert and tls.key is missing', 'give both or neither')
  }
  if (keyPrefix !== undefined && Buffer.byteLength(keyPrefix) > KEY_PREFIX_BYTES_MAX) {
    refuseArgument(
      `the keyPrefix has ${Buffer.byteLength(keyPrefix)} bytes`,
      `at most ${KEY_PREFIX_BYTES_MAX} are accepted`,
    )
  }
  return endpoints.map((endpoint) => readEndpoint(endpoint, tls))
}

function readEndpoint(endpoint: string, tls: EtcdTls | undefined): Endpoint {
  const match = /^(?:(https?):\/\/)?([^/\s]+:\d{1,5})\/?$/.exec(endpoint)
  if (match === null) {
    refuseArgument(
      `the endpoint is ${JSON.stringify(endpoint)}`,
      "use host:port, for example '127.0.0.1:2379'",
    )
  }
  const [, scheme, authority] = match
  if (scheme === 'http' && tls !== undefined) {
    refuseArgument(
      `the endpoint "${endpoint}" is without TLS, and tls is given`,
      'use https:// or leave tls out',
    )
  }
  return { authority: authority!, tls: tls ?? (scheme === 'https' ? {} : undefined) }
}
