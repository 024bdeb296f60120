import { FieldReader } from './field-reader.ts'

/** `ResponseHeader { cluster_id = 1, member_id = 2, revision = 3, raft_term = 4 }`: field 1 of every response. */
export interface Header {
  /** In hexadecimal, as etcd's own tools print it, padded. */
  readonly clusterId: string
  /** Of the store when it answered; of the transaction, when that wrote. */
  readonly revision: number
}

export function decodeHeader(message: Uint8Array): Header {
  const reader = new FieldReader(message)
  let clusterId = ''
  let revision = 0
  while (reader.next()) {
    if (reader.field === 1) clusterId = reader.hex
    else if (reader.field === 3) revision = reader.number
  }
  return { clusterId, revision }
}

/** What messages begin with when they have no header. */
export const noHeader: Header = { clusterId: '', revision: 0 }
