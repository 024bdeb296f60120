import { unreachable } from '../../../foundation/assert.ts'
import { NODE_ID_MAX, type NodeId } from '../../../foundation/ids.ts'
import type { Membership, MembershipChange, MembershipStep } from '../../../protocols/raft/membership.ts'
import type { MemberRequest, Response } from '../../../wire/parcel/parcel.ts'
import { errorResponse } from '../../client/error-response.ts'
import { encodeAddresses, type MemberRecord } from '../state-machine/members.ts'

/** What a leader knows when it is asked to change the membership; no other change is under way. */
export interface LeaderView {
  readonly self: NodeId
  readonly membership: Membership
  readonly records: readonly MemberRecord[]
  /** Whether it answered within an election timeout and is connected; ourselves too. */
  isReachable(node: NodeId): boolean
  /** Entries of our log that it does not hold yet, and whether that is little enough to let it vote. */
  lagOf(node: NodeId): { readonly entries: number; readonly isCaughtUp: boolean }
  matchOf(node: NodeId): number
}

export type Decision =
  | { readonly kind: 'answer'; readonly response: Response }
  | { readonly kind: 'propose'; readonly change: MembershipChange }
  /** We are to be removed: another one leads first, and is asked again. */
  | { readonly kind: 'hand-over'; readonly to: NodeId; readonly response: Response }

/**
 * What a leader does about a request to change the membership. Pure. Each change takes one step at a time, so old and new
 * majorities overlap (dissertation, 4.1), and each may be asked for again: what is so already is answered with `done`.
 *
 * | asked | refused when |
 * | --- | --- |
 * | add | the id was ever removed; it is a member at another address; the address is another member's |
 * | promote | it is no learner; it has not caught up; too few voters would answer |
 * | remove | nobody has that id; it is the last voter; too few of the voters that are left answer |
 */
export function decideMembership(request: MemberRequest, view: LeaderView): Decision {
  const { node, change } = request
  if (node < 1 || node > NODE_ID_MAX)
    return refuse(`asked to ${change} node ${node}: ids are whole numbers from 1 to ${NODE_ID_MAX}`)
  switch (change) {
    case 'add':
      return add(request, view)
    case 'announce':
      return announce(request, view)
    case 'promote':
      return promote(request, view)
    case 'remove':
      return remove(request, view)
    default:
      return unreachable(change)
  }
}

function add(request: MemberRequest, view: LeaderView): Decision {
  const { node, peerAddress } = request
  const record = recordOf(view, node)
  if (record?.removedAt !== undefined) return refuse(wasRemoved(record, view))
  if (!isAddress(peerAddress)) {
    return refuse(
      `asked to add node ${node} at ${JSON.stringify(peerAddress)}: give the address of its peer port, host:port`,
    )
  }
  if (roleOf(view, node) !== undefined) {
    if (record === undefined || record.peer === '' || record.peer === peerAddress) return done
    return refuse(
      `asked to add node ${node} at ${peerAddress}, but it is a member at ${record.peer}: choose another id, or remove that node first`,
    )
  }
  const holder = view.records.find(({ peer, removedAt }) => removedAt === undefined && peer === peerAddress)
  if (holder !== undefined) {
    return refuse(
      `asked to add node ${node} at ${peerAddress}, which is the address of node ${holder.node}: give each node its own`,
    )
  }
  return propose(request, { kind: 'add-learner', node })
}

function announce(request: MemberRequest, view: LeaderView): Decision {
  const { node, peerAddress, httpAddress } = request
  const record = recordOf(view, node)
  const role = roleOf(view, node)
  if (role === undefined) {
    const message = record?.removedAt === undefined ? `node ${node} is no member` : wasRemoved(record, view)
    return { kind: 'answer', response: errorResponse('removed', message) }
  }
  if (record?.peer === peerAddress && record.http === httpAddress) return done
  return propose(request, { kind: role === 'voter' ? 'add-voter' : 'add-learner', node })
}

function promote(request: MemberRequest, view: LeaderView): Decision {
  const { node, force } = request
  const record = recordOf(view, node)
  const role = roleOf(view, node)
  if (role === 'voter') return done
  if (record?.removedAt !== undefined) return refuse(wasRemoved(record, view))
  if (role === undefined) {
    return refuse(
      `asked to promote node ${node}, which is no member (${membersIn(view)}): add it first, with dure member add ${node}`,
    )
  }
  const { entries, isCaughtUp } = view.lagOf(node)
  if (!view.isReachable(node)) {
    return wait(
      `asked to promote node ${node}, which does not answer (it is ${entries} entries behind): start it, and ask again`,
    )
  }
  if (!isCaughtUp) {
    return wait(
      `asked to promote node ${node}, which is ${entries} entries behind the leader and would hold the others up: wait until it has caught up, and ask again`,
    )
  }
  const problem = force ? undefined : quorumProblem([...view.membership.voters, node], view)
  if (problem !== undefined) return wait(`asked to promote node ${node}: ${problem}`)
  return propose(request, { kind: 'add-voter', node })
}

function remove(request: MemberRequest, view: LeaderView): Decision {
  const { node, force } = request
  const { voters } = view.membership
  const role = roleOf(view, node)
  if (role === undefined) {
    if (recordOf(view, node)?.removedAt !== undefined) return done
    return refuse(`asked to remove node ${node}, which is no member: there are ${membersIn(view)}`)
  }
  if (role === 'learner') return propose(request, { kind: 'remove', node })
  const left = voters.filter((voter) => voter !== node)
  if (left.length === 0) {
    return refuse(
      `asked to remove node ${node}, the only voter: add another one and promote it first, or end the cluster by stopping it`,
    )
  }
  const problem = force ? undefined : quorumProblem(left, view)
  if (problem !== undefined) {
    return refuse(`asked to remove node ${node}: ${problem}, or ask with --force if they are gone for good`)
  }
  if (node !== view.self) return propose(request, { kind: 'remove', node })
  const best = left.filter(view.isReachable).sort((a, b) => view.matchOf(b) - view.matchOf(a))[0]
  if (best === undefined) {
    return refuse(
      `asked to remove node ${node}, which leads, and no other voter answers that could lead: start one first`,
    )
  }
  const message = `node ${node} leads and hands over to node ${best} before it is removed: ask again in a moment`
  return { kind: 'hand-over', to: best, response: retryLater(message, 100) }
}

/** Why these voters could not decide anything; undefined when they can. */
function quorumProblem(voters: readonly NodeId[], view: LeaderView): string | undefined {
  const needed = Math.floor(voters.length / 2) + 1
  const silent = voters.filter((voter) => !view.isReachable(voter))
  const answering = voters.length - silent.length
  if (answering >= needed) return undefined
  const which = silent.length === 1 ? `node ${silent[0]}` : `nodes ${silent.join(', ')}`
  return `of the ${voters.length} voters that there would be, ${answering} answer and ${needed} are needed, so nothing could be written: start ${which} first`
}

function roleOf({ membership }: LeaderView, node: NodeId): 'voter' | 'learner' | undefined {
  if (membership.voters.includes(node)) return 'voter'
  return membership.learners.includes(node) ? 'learner' : undefined
}

const recordOf = ({ records }: LeaderView, node: NodeId): MemberRecord | undefined =>
  records.find((record) => record.node === node)

function membersIn({ membership }: LeaderView): string {
  const learners = membership.learners.length === 0 ? '' : `, learners ${membership.learners.join(', ')}`
  return `voters ${membership.voters.join(', ')}${learners}`
}

function wasRemoved({ node, removedAt }: MemberRecord, view: LeaderView): string {
  const used = [...view.records.map((record) => record.node), ...view.membership.voters]
  const free = Math.max(...used, node) + 1
  return `node ${node} was removed at entry ${removedAt}, and an id is never used again: add it with an empty directory under another id, for example dure member add ${free}`
}

/** With the addresses that were told, or those that are known already. */
function propose({ node, peerAddress, httpAddress }: MemberRequest, step: MembershipStep): Decision {
  const context =
    peerAddress === '' ? {} : { context: encodeAddresses([{ node, peer: peerAddress, http: httpAddress }]) }
  return { kind: 'propose', change: { transition: 'auto', steps: [step], ...context } }
}

const isAddress = (text: string): boolean =>
  /^(?:\[[0-9a-fA-F:]+\]|[^\s:[\]]+)(?::\d{1,5})$|^node\/\d+$/.test(text)

const done: Decision = { kind: 'answer', response: { status: 'done' } }

const refuse = (message: string): Decision => ({
  kind: 'answer',
  response: errorResponse('invalid', `${message}. Nothing was changed`),
})

const wait = (message: string): Decision => ({ kind: 'answer', response: retryLater(message, 200) })

const retryLater = (message: string, retryAfterMs: number): Response =>
  errorResponse('unavailable', `${message}. Nothing was changed`, { retryable: true, retryAfterMs })
