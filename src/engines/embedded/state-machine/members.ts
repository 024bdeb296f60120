import { text, utf8 } from '../../../foundation/bytes.ts'
import { type LogIndex, logIndex, type NodeId, nodeId } from '../../../foundation/ids.ts'
import type { MembershipChange } from '../../../protocols/raft/membership.ts'
import type { RowChange, Table } from '../../../storage/table/table.ts'
import { space, viewOf } from './row.ts'

/** Where a member listens. */
export interface MemberAddresses {
  readonly node: NodeId
  /** Peers and clients, `host:port`. */
  readonly peer: string
  /** HTTP; '' when nobody said. */
  readonly http: string
}

export interface MemberRecord extends MemberAddresses {
  /** The entry that removed it. Its id is never used again: what it promised under it may still be on a disk somewhere. */
  readonly removedAt: LogIndex | undefined
}

/**
 * Who belongs to the cluster and where it listens, and who did: replicated, so that a node that starts with an old command
 * line finds the others all the same. It changes only by the entries that change the membership, which carry the
 * addresses, so the two are never apart.
 */
export class Members {
  readonly #records = new Map<NodeId, MemberRecord>()

  /** Reads all rows: after a start, and after a snapshot was installed. */
  load(table: Table): void {
    this.#records.clear()
    for (const row of table.scan(new Uint8Array([space.member]), new Uint8Array([space.member + 1]))) {
      const record = decodeRecord(row.key, row.value)
      this.#records.set(record.node, record)
    }
  }

  get(node: NodeId): MemberRecord | undefined {
    return this.#records.get(node)
  }

  get all(): readonly MemberRecord[] {
    return [...this.#records.values()]
  }

  /** Rows that change when the entry at `index` is applied. */
  apply(change: MembershipChange, index: LogIndex): RowChange[] {
    const told = new Map(decodeAddresses(change.context).map((addresses) => [addresses.node, addresses]))
    const changes: RowChange[] = []
    for (const { kind, node } of change.steps) {
      if (node === 0) continue
      const before = this.#records.get(node)
      const { peer = '', http = '' } = told.get(node) ?? before ?? {}
      const removedAt = kind === 'remove' ? index : undefined
      if (before?.peer === peer && before.http === http && before.removedAt === removedAt) continue
      const record: MemberRecord = { node, peer, http, removedAt }
      this.#records.set(node, record)
      changes.push({ key: rowKey(node), value: encodeRecord(record) })
    }
    return changes
  }
}

/** What a membership change carries, so that everybody learns where its members listen. */
export function encodeAddresses(members: readonly MemberAddresses[]): Uint8Array {
  return utf8(JSON.stringify(members.map(({ node, peer, http }) => [node, peer, http])))
}

/** Total: what makes no sense says nothing. */
function decodeAddresses(context: Uint8Array | undefined): readonly MemberAddresses[] {
  if (context === undefined || context.length === 0) return []
  let given: unknown
  try {
    given = JSON.parse(text(context))
  } catch {
    return []
  }
  if (!Array.isArray(given)) return []
  return given.flatMap((entry: unknown): MemberAddresses[] => {
    if (!Array.isArray(entry)) return []
    const [node, peer, http] = entry as unknown[]
    if (typeof node !== 'number' || typeof peer !== 'string' || typeof http !== 'string') return []
    return [{ node: nodeId(node), peer, http }]
  })
}

function rowKey(node: NodeId): Uint8Array {
  const key = new Uint8Array(5)
  key[0] = space.member
  viewOf(key).setUint32(1, node)
  return key
}

const encodeRecord = ({ peer, http, removedAt }: MemberRecord): Uint8Array =>
  utf8(JSON.stringify([peer, http, removedAt ?? 0]))

function decodeRecord(key: Uint8Array, value: Uint8Array): MemberRecord {
  const [peer, http, removedAt] = JSON.parse(text(value)) as [string, string, number]
  return {
    node: nodeId(viewOf(key).getUint32(1)),
    peer,
    http,
    removedAt: removedAt === 0 ? undefined : logIndex(removedAt),
  }
}
