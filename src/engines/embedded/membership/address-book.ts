import type { NodeId } from '../../../foundation/ids.ts'
import type { Raft } from '../../../protocols/raft/raft.ts'
import type { Runtime, Timer } from '../../../runtime/runtime.ts'
import type { MemberRequest, Response } from '../../../wire/parcel/parcel.ts'
import type { Member } from '../node-options.ts'
import type { Members } from '../state-machine/members.ts'

/** Whoever was removed is hung up on this long afterwards: by then it has heard of it, or is not there. */
const FAREWELL_MS = 2_000
/** Between two attempts to tell the others where we listen. */
const ANNOUNCE_AGAIN_MS = 300

export interface AddressBookParts {
  readonly runtime: Runtime
  readonly self: NodeId
  /** As the command line has them. */
  readonly given: readonly Member[]
  readonly members: Members
  /** Of the system group, to which the members belong. */
  readonly raft: Raft
  /** Asks the leader, whoever that is. */
  readonly request: (request: MemberRequest, reply: (response: Response) => void) => void
}

/**
 * Where the others are. What is replicated wins over what the node was started with, which may be old; what it was started
 * with is tried as well, because a whole cluster may have moved while it was down. A node that listens elsewhere than the
 * others were told says so.
 */
export class AddressBook {
  readonly #parts: AddressBookParts
  /** Removed a moment ago: still connected, to hear of it. */
  readonly #leaving = new Map<NodeId, Timer>()
  #known: ReadonlySet<NodeId> = new Set()
  #isAnnouncing = false
  #isClosed = false

  constructor(parts: AddressBookParts) {
    this.#parts = parts
    this.#connect()
  }

  /**
   * Why we should not be here: the cluster has removed us. A node that learns it while it runs goes on until another member
   * refuses it: as long as nobody else knows, the others may need its vote to find out.
   */
  get removal(): string | undefined {
    const { members, self } = this.#parts
    const removedAt = members.get(self)?.removedAt
    if (removedAt === undefined || !this.#isGone(self)) return undefined
    return `node ${self} was removed from the cluster at entry ${removedAt}, and its id is never used again: its data directory can be deleted; add a new node with dure member add`
  }

  /** Where peers and clients reach it; '' when nobody knows. */
  addressOf(node: NodeId): string {
    const { self, members } = this.#parts
    const given = this.#given(node)?.address ?? ''
    if (node === self && given !== '') return given
    return members.get(node)?.peer || given
  }

  httpAddressOf(node: NodeId): string {
    const { self, members } = this.#parts
    const given = this.#given(node)?.httpAddress ?? ''
    if (node === self && given !== '') return given
    return members.get(node)?.http || given
  }

  /** Members, or what is known of them, changed. */
  changed(): void {
    if (this.#isClosed) return
    const { runtime } = this.#parts
    for (const node of this.#known) {
      if (!this.#isGone(node) || this.#leaving.has(node)) continue
      const timer = runtime.timer(FAREWELL_MS, () => {
        this.#leaving.delete(node)
        this.#connect()
      })
      this.#leaving.set(node, timer)
    }
    this.#connect()
    this.announceWhenNeeded()
  }

  /** Tells the others where we listen, when they do not know. Also whenever another one leads. */
  announceWhenNeeded(): void {
    const { self, raft, members, runtime, request } = this.#parts
    const own = this.#given(self)
    const { voters, learners, votersOutgoing } = raft.membership
    if (this.#isClosed || this.#isAnnouncing || raft.leader === undefined) return
    if (own === undefined || own.address === '' || votersOutgoing.length > 0) return
    if (!voters.includes(self) && !learners.includes(self)) return
    const record = members.get(self)
    const { address, httpAddress = record?.http ?? '' } = own
    if (record?.peer === address && record.http === httpAddress) return
    this.#isAnnouncing = true
    const asked: MemberRequest = {
      kind: 'member',
      change: 'announce',
      node: self,
      peerAddress: address,
      httpAddress,
      force: false,
    }
    request(asked, (response) => {
      // What was agreed may take a moment to be applied here; what was refused is tried again.
      runtime.timer(ANNOUNCE_AGAIN_MS, () => {
        this.#isAnnouncing = false
        if (response.status === 'done' || response.status === 'error') this.announceWhenNeeded()
      })
    })
  }

  close(): void {
    this.#isClosed = true
    for (const timer of this.#leaving.values()) timer.cancel()
  }

  #connect(): void {
    if (this.#isClosed) return
    const { runtime, self, given, members } = this.#parts
    const peers = new Map<NodeId, string[]>()
    const addTo = (node: NodeId, address: string): void => {
      if (node === self || address === '') return
      const addresses = peers.get(node) ?? []
      if (!addresses.includes(address)) addresses.push(address)
      peers.set(node, addresses)
    }
    const gone = new Set<number>()
    for (const { node, peer } of members.all) {
      const isGone = this.#isGone(node)
      if (isGone) gone.add(node)
      if (!isGone || this.#leaving.has(node)) addTo(node, peer)
    }
    for (const { node, address } of given) {
      if (!gone.has(node) || this.#leaving.has(node)) addTo(node, address)
    }
    this.#known = new Set(peers.keys())
    runtime.network.setPeers(peers, gone)
  }

  /** Removed, and no voter of the membership that is being left either: until then its vote may be needed. */
  #isGone(node: NodeId): boolean {
    const { members, raft } = this.#parts
    if (members.get(node)?.removedAt === undefined) return false
    const { voters, votersOutgoing, learners } = raft.membership
    return !voters.includes(node) && !votersOutgoing.includes(node) && !learners.includes(node)
  }

  #given(node: NodeId): Member | undefined {
    return this.#parts.given.find((member) => member.node === node)
  }
}
