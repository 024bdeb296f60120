import { DureError } from '../../../foundation/errors.ts'
import { type LogIndex, logIndex, type NodeId, type Term, term } from '../../../foundation/ids.ts'
import { changeMembership, MembershipProblem, membersOf } from '../../../protocols/raft/confchange/changer.ts'
import { decodeMembershipChange } from '../../../protocols/raft/confchange/membership-codec.ts'
import type { Entry } from '../../../protocols/raft/entry.ts'
import type { Membership } from '../../../protocols/raft/membership.ts'
import type { Runtime } from '../../../runtime/runtime.ts'
import { encodeIdentity, type Identity } from '../../../storage/identity/identity.ts'
import { writeIdentity } from '../../../storage/identity/identity-file.ts'
import { readDirectory } from '../../../storage/identity/read-directory.ts'
import { RESTORED_INDEX_GAP } from '../backup/seed-directory.ts'
import { type NodeOptions, storageDefaults } from '../node-options.ts'
import { type Recovered, type RecoveredState, recover } from '../recovery/recover.ts'
import { StateMachine } from '../state-machine/state-machine.ts'
import { Turns } from '../turns.ts'

/** What a stopped node's directory holds: by it one chooses which of those that are left goes on. */
export interface DirectoryReport {
  readonly clusterId: string
  readonly nodeId: NodeId
  /** Of its last promise. */
  readonly term: Term
  readonly lastIndex: LogIndex
  /** Of its last entry. Who has the highest has the most that was acknowledged; among equals, the highest index. */
  readonly lastTerm: Term
  /** Up to here it knew that everything was committed. */
  readonly commitIndex: LogIndex
  readonly membership: Membership
}

export interface StoppedNode {
  readonly runtime: Runtime
  readonly openTables: NodeOptions['openTables']
}

export interface RecoverAlone extends StoppedNode {
  /** Of the cluster that begins with this node: never used before. */
  readonly newClusterId: string
}

type Done<Value> = (error: Error | undefined, value: Value | undefined) => void

const GROUPS = 1

/** Looks into the directory of a node that is stopped. Errors: as opening it. */
export function inspectDirectory(stopped: StoppedNode, done: Done<DirectoryReport>): void {
  openStopped(stopped, (error, opened) => {
    if (opened === undefined) return done(error, undefined)
    const report = reportOf(opened.identity, contentOf(opened.recovered.groups[0]!))
    closeStopped(opened.recovered, () => done(undefined, report))
  })
}

/**
 * Makes a node whose cluster has lost its majority for good the only voter of a new cluster, with all that it has.
 *
 * All entries of its log count as committed, also those that no majority had; what it had not received is lost. The cluster
 * gets a new id, so that members of the old one, should they come back, are refused and cannot lead beside it; their ids
 * are used up. It begins far beyond the old one's log: versions and fencing tokens are places of it, and those of writes
 * that were lost are not given again. Deliberate, and for a node that is stopped.
 *
 * Identity, table, log, in this order: a crash before the table is flushed leaves a node that cannot lead, and asking
 * again completes it; after that, one whose log is behind its table (`restore.ts`, @D), which starts.
 */
export function recoverAlone(options: RecoverAlone, done: Done<DirectoryReport>): void {
  openStopped(options, (error, opened) => {
    if (opened === undefined) return done(error, undefined)
    const { identity, recovered } = opened
    const fail = (problem: Error): void => closeStopped(recovered, () => done(problem, undefined))
    const group = recovered.groups[0]!
    const before = contentOf(group)
    if (before.membership.voters.length === 0) {
      return fail(
        new DureError(
          'invalid',
          `node ${identity.nodeId} has never received anything of its cluster: there is nothing to go on with; recover from another node`,
        ),
      )
    }
    const renamed: Identity = {
      clusterId: options.newClusterId,
      nodeId: identity.nodeId,
      formerClusterIds: [...(identity.formerClusterIds ?? []), identity.clusterId],
    }
    writeIdentity(options.runtime.disk, encodeIdentity(renamed), (identityError) => {
      if (identityError !== undefined) return fail(identityError)
      let stateMachine: StateMachine
      try {
        stateMachine = applyAll(group, before)
        becomeAlone(stateMachine, group, before, identity.nodeId)
      } catch (problem) {
        return fail(problem as Error)
      }
      group.table.flush(
        ({ index, term }) => {
          const hardState = { term, vote: identity.nodeId, commitIndex: index }
          recovered.log.append({ group: group.id, hardState, reset: { index, term } }, () =>
            closeStopped(recovered, () => done(undefined, reportOf(identity, before))),
          )
        },
        // The log begins anew: the feed must not refer to it.
        () => void stateMachine.prepareFlush(0),
      )
    })
  })
}

interface OpenedNode {
  readonly identity: Identity
  readonly recovered: Recovered
}

function openStopped({ runtime, openTables }: StoppedNode, done: Done<OpenedNode>): void {
  readDirectory(runtime.disk, (error, identity) => {
    if (identity === undefined) return done(error, undefined)
    const { clusterId, nodeId } = identity
    const options: NodeOptions = {
      clusterId,
      nodeId,
      members: [],
      initialize: false,
      groupCount: GROUPS,
      openTables,
    }
    const turns = new Turns(runtime)
    recover(runtime, options, turns.defer, (recoverError, recovered) => {
      if (recovered === undefined) done(recoverError, undefined)
      else done(undefined, { identity, recovered })
    })
  })
}

function closeStopped({ log, tables }: Recovered, done: () => void): void {
  log.close(() => tables.close(done))
}

interface Content {
  /** What the table does not hold yet. */
  readonly tail: readonly Entry[]
  readonly term: Term
  readonly lastIndex: LogIndex
  readonly lastTerm: Term
  readonly commitIndex: LogIndex
  readonly membership: Membership
}

/** What log and table come to together: where they disagree, the table holds what was committed. */
function contentOf({ state }: RecoveredState): Content {
  const { applied, hardState, log } = state
  const held = applied.index - log.base.index
  const heldTerm = held === 0 ? log.base.term : log.entries[held - 1]?.term
  const tail = heldTerm === applied.term ? log.entries.slice(held) : []
  const last = tail.at(-1) ?? applied
  return {
    tail,
    term: hardState.term,
    lastIndex: last.index,
    lastTerm: last.term,
    commitIndex: logIndex(Math.max(hardState.commitIndex, applied.index)),
    membership: tail.reduce(membershipAfter, applied.membership),
  }
}

function membershipAfter(membership: Membership, entry: Entry): Membership {
  if (entry.kind !== 'membership') return membership
  const changed = changeMembership(membership, decodeMembershipChange(entry.data))
  return changed instanceof MembershipProblem ? membership : changed
}

function reportOf({ clusterId, nodeId }: Identity, content: Content): DirectoryReport {
  const { tail: _, ...rest } = content
  return { clusterId, nodeId, ...rest }
}

/** The tail of the log, as it would be applied had all of it been committed. */
function applyAll({ table, state }: RecoveredState, { tail }: Content): StateMachine {
  const stateMachine = new StateMachine(table, storageDefaults.stateMachine, state.log)
  let { membership } = table.position
  for (const entry of tail) {
    membership = membershipAfter(membership, entry)
    const position = { index: entry.index, term: entry.term, membership }
    if (entry.kind === 'command') stateMachine.apply(entry.data, position)
    else if (entry.kind === 'membership')
      stateMachine.changeMembership(decodeMembershipChange(entry.data), position)
    else stateMachine.skip(position)
  }
  return stateMachine
}

/** A membership of this node alone, in a term of its own, far beyond what anybody wrote. */
function becomeAlone(
  stateMachine: StateMachine,
  { table }: RecoveredState,
  content: Content,
  self: NodeId,
): void {
  const others = membersOf(content.membership).filter((node) => node !== self)
  const steps = others.map((node) => ({ kind: 'remove', node }) as const)
  const membership: Membership = {
    voters: [self],
    votersOutgoing: [],
    learners: [],
    learnersNext: [],
    autoLeave: false,
  }
  stateMachine.changeMembership(
    { transition: 'joint', steps },
    {
      index: logIndex(table.position.index + RESTORED_INDEX_GAP),
      term: term(Math.max(content.term, content.lastTerm) + 1),
      membership,
    },
  )
}
