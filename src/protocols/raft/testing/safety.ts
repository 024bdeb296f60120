import { assert } from '../../../foundation/assert.ts'
import { equalBytes } from '../../../foundation/bytes.ts'
import type { NodeId, Term } from '../../../foundation/ids.ts'
import type { Effect } from '../effect.ts'
import type { Entry } from '../entry.ts'
import type { Membership } from '../membership.ts'
import { jointVoteResult } from '../quorum/joint.ts'
import type { TestNode } from './test-node.ts'

interface Seen {
  readonly entry: Entry
  readonly previousTerm: Term | undefined
}

interface Committed {
  readonly term: Term
  /** The lowest term in which it was seen to be committed. */
  readonly inTerm: Term
}

interface Before {
  readonly role: string
  readonly term: Term
  readonly lastIndex: number
  readonly lastTerm: Term | undefined
  readonly commitIndex: number
  readonly membership: Membership
}

/** The promises of Raft (paper, figure 3), looked at after every step of every node. */
export class Safety {
  readonly #nodes: ReadonlyMap<NodeId, TestNode>
  readonly #leaders = new Map<Term, NodeId>()
  readonly #votes = new Map<string, NodeId>()
  readonly #entries = new Map<string, Seen>()
  readonly #committed: Committed[] = []
  readonly #digests = new Map<number, number>()
  readonly #readFloors = new Map<number, number>()

  constructor(nodes: ReadonlyMap<NodeId, TestNode>) {
    this.#nodes = nodes
  }

  /** The highest index that anyone knows to be committed. */
  get committedIndex(): number {
    return this.#committed.length
  }

  /** Whatever finished before a read begins is at or below what is committed now. */
  readBegins(token: number): void {
    this.#readFloors.set(token, this.committedIndex)
  }

  before(node: TestNode): Before {
    const { raft } = node
    return {
      role: raft.role,
      term: raft.term,
      lastIndex: raft.lastIndex,
      lastTerm: raft.termAt(raft.lastIndex),
      commitIndex: raft.commitIndex,
      membership: raft.membership,
    }
  }

  after(node: TestNode, before: Before, effects: readonly Effect[]): void {
    const { raft } = node
    assert(raft.term >= before.term, 'terms never go back')
    assert(raft.commitIndex >= before.commitIndex, 'the commit index never goes back')
    if (before.role === 'leader' && raft.role === 'leader' && raft.term === before.term) {
      assert(raft.lastIndex >= before.lastIndex, 'leader append-only: nothing is removed')
      const kept = raft.termAt(
        raft.lastIndex === before.lastIndex ? raft.lastIndex : (before.lastIndex as typeof raft.lastIndex),
      )
      assert(kept === before.lastTerm || kept === undefined, 'leader append-only: nothing is replaced')
    }
    for (const effect of effects) this.#look(node, effect)
    const { durableIndex } = raft
    const durable =
      durableIndex < raft.base.index || node.disk.holds(durableIndex, raft.termAt(durableIndex)!)
    assert(durable, 'what counts as durable is on the disk, as it stands in the log')
    if (raft.role === 'leader' && (before.role !== 'leader' || before.term !== raft.term))
      this.#leaderBegins(node)
    this.#commits(node, before)
  }

  /** Called for each entry that a node has applied, and for each snapshot that it has installed. */
  applied(node: TestNode): void {
    const { index, digest } = node.table
    const known = this.#digests.get(index)
    assert(known === undefined || known === digest, 'state machine safety: equal states at equal places')
    this.#digests.set(index, digest)
  }

  #look(node: TestNode, effect: Effect): void {
    switch (effect.type) {
      case 'persist':
        for (const entry of effect.entries) this.#appended(node, entry)
        return
      case 'send': {
        const { message } = effect
        if (message.type === 'vote-response' && message.granted && !message.preVote)
          this.#voted(node, message)
        if (message.type === 'vote-request' && !message.preVote) {
          this.#voted(node, { term: message.term, to: node.id })
          const durable = node.disk.holds(message.lastLogIndex, message.lastLogTerm)
          assert(durable, 'a candidate asks for votes with a log that is durable')
        }
        if (message.type === 'append-response' && message.accepted) {
          assert(message.term === node.raft.term, 'nothing is promised in a term that has passed')
          const held = node.raft.termAt(message.matchIndex)
          const durable = held === undefined || node.disk.holds(message.matchIndex, held)
          assert(durable, 'what is acknowledged is durable, as it stands in the log')
          assert(
            node.disk.hardState.term >= message.term,
            'a term is durable before anything is promised in it',
          )
        }
        return
      }
      case 'apply':
        for (const entry of effect.entries) {
          assert(node.disk.holds(entry.index, entry.term), 'what is handed out for apply is durable here')
        }
        return
      case 'read': {
        const floor = this.#readFloors.get(effect.token)
        assert(
          floor !== undefined && effect.index >= floor,
          'a read is never older than what finished before it began',
        )
        return
      }
      default:
    }
  }

  #voted(node: TestNode, vote: { readonly term: Term; readonly to: NodeId }): void {
    const { hardState } = node.disk
    const durable = hardState.term > vote.term || (hardState.term === vote.term && hardState.vote === vote.to)
    assert(durable, 'a vote is durable before it leaves')
    const key = `${node.id} ${vote.term}`
    const earlier = this.#votes.get(key)
    assert(earlier === undefined || earlier === vote.to, 'a node votes once in a term')
    this.#votes.set(key, vote.to)
  }

  #appended(node: TestNode, entry: Entry): void {
    const key = `${entry.index} ${entry.term}`
    const previousTerm = node.raft.termAt((entry.index - 1) as typeof entry.index)
    const seen = this.#entries.get(key)
    if (seen === undefined) {
      this.#entries.set(key, { entry, previousTerm })
      return
    }
    assert(
      seen.entry.kind === entry.kind && equalBytes(seen.entry.data, entry.data),
      'log matching: equal entries',
    )
    const sameBefore =
      previousTerm === undefined || seen.previousTerm === undefined || seen.previousTerm === previousTerm
    assert(sameBefore, 'log matching: equal logs before equal entries')
  }

  #leaderBegins(node: TestNode): void {
    const { raft } = node
    const other = this.#leaders.get(raft.term)
    assert(other === undefined || other === node.id, 'election safety: one leader in a term')
    this.#leaders.set(raft.term, node.id)
    for (let index = raft.base.index + 1; index <= this.#committed.length; index++) {
      const committed = this.#committed[index - 1]!
      if (committed.inTerm >= raft.term) continue
      assert(raft.termAt(index as typeof raft.lastIndex) === committed.term, 'leader completeness')
    }
  }

  #commits(node: TestNode, before: Before): void {
    const { raft } = node
    const from = before.commitIndex
    for (let index = from + 1; index <= raft.commitIndex; index++) {
      const entryTerm = raft.termAt(index as typeof raft.lastIndex)
      if (entryTerm === undefined) continue // in a snapshot: its digest is compared instead
      const known = this.#committed[index - 1]
      assert(known === undefined || known.term === entryTerm, 'committed entries are the same everywhere')
      if (known === undefined) {
        assert(raft.role === 'leader' || before.role === 'leader', 'a leader commits first')
        this.#committed[index - 1] = { term: entryTerm, inTerm: raft.term }
      } else if (raft.term < known.inTerm) this.#committed[index - 1] = { term: entryTerm, inTerm: raft.term }
    }
    if (raft.role !== 'leader' || raft.commitIndex === from) return
    const entryTerm = raft.termAt(raft.commitIndex)!
    assert(
      before.role !== 'leader' || entryTerm === raft.term,
      'a leader counts entries of its own term only',
    )
    // A membership may have taken effect in this very step: what the one before decided stands.
    const held = [before.membership, raft.membership].some(
      (membership) =>
        jointVoteResult(
          membership,
          (id) => this.#nodes.get(id)?.disk.holds(raft.commitIndex, entryTerm) ?? false,
        ) === 'won',
    )
    assert(held, 'what is committed is on the disks of a majority')
  }
}
