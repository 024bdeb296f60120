import { text, utf8 } from '../../foundation/bytes.ts'
import { checksum } from '../../foundation/checksum.ts'
import { type NodeId, nodeId } from '../../foundation/ids.ts'

/** Whose data directory it is. */
export interface Identity {
  readonly clusterId: string
  readonly nodeId: NodeId
  /** Clusters that its data came from, oldest first: a recovery without a majority gives what is left a new name. */
  readonly formerClusterIds?: readonly string[] | undefined
}

/**
 * Of the directory, log and tables with it: it is told before they are opened. Who finds a larger one than its own starts
 * nothing.
 *
 * | format | what came with it |
 * | --- | --- |
 * | 1 | sessions, commits, snapshots |
 * | 2 | leases, times to live, the change feed, members: commands and rows that format 1 does not know |
 * | 3 | rows of the change feed that refer to the log |
 */
export const IDENTITY_FORMAT = 3

/** What a file `identity` may hold, or not. */
export type FoundIdentity =
  | { readonly kind: 'none' }
  | { readonly kind: 'valid'; readonly identity: Identity; readonly format: number }
  | { readonly kind: 'newer'; readonly format: number }
  | { readonly kind: 'damaged' }

/**
 * Three lines of text, so that a person can read them: format, identity, checksum of the two before.
 *
 * ```
 * dure data directory, format 3
 * {"clusterId":"b5e9…","nodeId":3}
 * 9a3c01f7
 * ```
 */
export function encodeIdentity({ clusterId, nodeId, formerClusterIds }: Identity): Uint8Array {
  const identity = { clusterId, nodeId, formerClusterIds }
  const covered = `dure data directory, format ${IDENTITY_FORMAT}\n${JSON.stringify(identity)}\n`
  return utf8(`${covered}${hex(checksum(utf8(covered)))}\n`)
}

export function decodeIdentity(bytes: Uint8Array | undefined): FoundIdentity {
  if (bytes === undefined) return { kind: 'none' }
  const [first = '', second = '', third = ''] = text(bytes).split('\n')
  const format = Number(/^dure data directory, format (\d{1,9})$/.exec(first)?.[1])
  if (Number.isNaN(format)) return { kind: 'damaged' }
  if (format > IDENTITY_FORMAT) return { kind: 'newer', format }
  if (hex(checksum(utf8(`${first}\n${second}\n`))) !== third) return { kind: 'damaged' }
  const { nodeId: id, ...names } = JSON.parse(second) as {
    clusterId: string
    nodeId: number
    formerClusterIds?: readonly string[]
  }
  return { kind: 'valid', identity: { ...names, nodeId: nodeId(id) }, format }
}

const hex = (value: number): string => value.toString(16).padStart(8, '0')
