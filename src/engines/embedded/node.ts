import { utf8 } from '../../foundation/bytes.ts'
import { checksum } from '../../foundation/checksum.ts'
import { DureError } from '../../foundation/errors.ts'
import { type GroupId, groupId, type LogIndex, type NodeId } from '../../foundation/ids.ts'
import { DURE_VERSION } from '../../foundation/version.ts'
import type { Raft } from '../../protocols/raft/raft.ts'
import { type Endpoint, endpoint } from '../../runtime/network.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import type { Log } from '../../storage/log/log.ts'
import type { TableStore } from '../../storage/table/table.ts'
import type { ErrorResponse, Request, RequestParcel } from '../../wire/parcel/parcel.ts'
import { readParcels } from '../../wire/parcel/parcel-reader.ts'
import { errorResponse } from '../client/error-response.ts'
import type { OpenWatch, WatchReceiver } from '../client/transport.ts'
import { type BackupSource, Backups } from './backup/backups.ts'
import { hastenFirstElection } from './first-election.ts'
import type { Group, GroupObserver } from './group.ts'
import { makeGroup } from './make-group.ts'
import { AddressBook } from './membership/address-book.ts'
import type { NodeOptions, OpenCallback } from './node-options.ts'
import { type Recovered, recover } from './recovery/recover.ts'
import { OpenRequests, type Reply } from './requests/open-requests.ts'
import { SeenRequests } from './requests/seen-requests.ts'
import { Router } from './router.ts'
import type { NodeStatus } from './status.ts'
import { Turns } from './turns.ts'
import { openLocalWatch } from './watch/local-watch.ts'
import { RemoteWatches } from './watch/remote-watches.ts'
import { addFigures, type WatchFigures, type WatchRequest } from './watch/watch-hub.ts'

/** Requests that a node has open at once; more are told to slow down. */
const OPEN_REQUESTS_MAX = 65_536
/** However long a client is ready to wait: an open request takes a place. */
const REQUEST_TIMEOUT_MS_MAX = 10 * 60_000
/** A node that tells the others where it listens asks again after this. */
const ANNOUNCE_TIMEOUT_MS = 2_000
/** A graceful stop waits this long for another leader. */
const HANDOVER_MS_MAX = 1_000

/**
 * Opens a node: takes its data directory, recovers log and tables, and joins its peers.
 *
 * Errors: `data-directory` (another node's, a newer format, in use), `forgotten` (empty although the node is known),
 * `corrupt`, `disk`.
 */
export function openNode(
  runtime: Runtime,
  options: NodeOptions,
  done: OpenCallback<EmbeddedNode>,
  observer: GroupObserver = {},
): void {
  const turns = new Turns(runtime)
  recover(runtime, options, turns.defer, (error, recovered) => {
    if (recovered === undefined) done(error, undefined)
    else done(undefined, new EmbeddedNode(runtime, turns, options, recovered, observer))
  })
}

/**
 * A member of a cluster on Dure's own engine: hosts Raft groups over one log, serves requests of clients and of its own
 * process, and passes on what only the leader can answer.
 */
export class EmbeddedNode {
  readonly nodeId: NodeId
  readonly #runtime: Runtime
  readonly #turns: Turns
  readonly #options: NodeOptions
  readonly #log: Log
  readonly #tables: TableStore
  readonly #open: OpenRequests
  readonly #router: Router
  readonly #seen = new SeenRequests()
  readonly #watches: RemoteWatches
  readonly #groups: readonly Group[]
  readonly #backups: Backups
  readonly #addresses: AddressBook
  /** Takes no more. */
  #isClosed = false
  readonly #whenClosed: (() => void)[] = []
  #hasEnded = false

  constructor(
    runtime: Runtime,
    turns: Turns,
    options: NodeOptions,
    recovered: Recovered,
    observer: GroupObserver,
  ) {
    this.nodeId = options.nodeId
    this.#runtime = runtime
    this.#turns = turns
    this.#options = options
    this.#log = recovered.log
    this.#tables = recovered.tables
    this.#open = new OpenRequests(runtime)
    this.#router = new Router(runtime, this.#open, (to) => this.#watches.clogged(to))
    this.#watches = new RemoteWatches(runtime, this.#router)
    this.#groups = recovered.groups.map((found) =>
      makeGroup(found, options, {
        runtime,
        log: this.#log,
        router: this.#router,
        open: this.#open,
        observer,
        wake: () => this.#turns.wake(),
        history: checksum(utf8(options.clusterId)),
        addressOf: (node) => this.#addresses?.addressOf(node) ?? '',
        membersChanged: () => {
          if (found.id === 0) this.#addresses?.changed()
        },
      }),
    )
    const [system] = this.#groups
    this.#addresses = new AddressBook({
      runtime,
      self: options.nodeId,
      given: options.members,
      members: system!.stateMachine.members,
      raft: system!.raft,
      request: (request, reply) => this.request(request, ANNOUNCE_TIMEOUT_MS, reply),
    })
    this.#backups = new Backups({
      runtime,
      clusterId: options.clusterId,
      nodeId: options.nodeId,
      table: system!.table,
      flush: (done) => system!.flush(done),
      request: (request, timeoutMs, reply) => this.request(request, timeoutMs, reply),
    })
    runtime.network.onMessage((from, message) => this.#receive(from, message))
    runtime.network.onDisconnect((from) => {
      this.#router.forget(from)
      this.#seen.forget(from)
      this.#watches.forget(from)
    })
    turns.onTurn(() => this.#turn())
    for (const group of this.#groups) {
      group.start()
      if (options.foundsCluster) hastenFirstElection(runtime, group)
    }
  }

  get groups(): readonly Group[] {
    return this.#groups
  }

  /** Why this node should be stopped: the cluster has removed it. Undefined while it belongs to it. */
  get removal(): string | undefined {
    return this.#addresses.removal
  }

  /** Requests that are being served. */
  get openRequests(): number {
    return this.#open.size
  }

  get status(): NodeStatus {
    const { raft, appliedIndex, table, stateMachine } = this.#system
    const { membership } = raft
    const matches = matchIndexes(raft)
    const role = (node: NodeId) => (membership.learners.includes(node) ? 'learner' : 'voter')
    const nodes = [...new Set([...membership.voters, ...membership.votersOutgoing, ...membership.learners])]
    return {
      node_id: this.nodeId,
      cluster_id: this.#options.clusterId,
      state: raft.role === 'pre-candidate' ? 'follower' : raft.role,
      term: raft.term,
      cluster_size: nodes.length,
      leader_id: raft.leader ?? null,
      commit_index: raft.commitIndex,
      applied_index: appliedIndex,
      durable_index: table.durablePosition.index,
      last_index: raft.lastIndex,
      log_bytes: this.#log.sizeBytes,
      groups: this.#groups.length,
      sessions: stateMachine.sessionCount,
      leases: stateMachine.leaseCount,
      unreachable: nodes.filter(
        (node) => node !== this.nodeId && !this.#runtime.network.isReachable(endpoint(node)),
      ),
      members: nodes.map((node) => ({
        node_id: node,
        role: role(node),
        peer_address: this.#addresses.addressOf(node),
        http_address: this.#addresses.httpAddressOf(node),
        match_index:
          node === this.nodeId && raft.role === 'leader' ? raft.durableIndex : (matches.get(node) ?? null),
      })),
      version: DURE_VERSION,
    }
  }

  /** Serves a request of this very process; `reply` comes exactly once, later. */
  request(request: Request, timeoutMs: number, reply: Reply): void {
    this.#serve(request, groupId(0), 0, timeoutMs, reply)
    this.#turns.wake()
  }

  /** A snapshot of everything that was acknowledged before this call, to be read in the reader's time. See `Backups`. */
  openBackup(timeoutMs: number, done: OpenCallback<BackupSource>): void {
    if (this.#groups.length > 1) {
      const message = `this node has ${this.#groups.length} groups: backups of more than one are not known yet`
      return done(new DureError('unsupported', message), undefined)
    }
    this.#backups.open(timeoutMs, done)
  }

  /** Offers leadership of every group that this node leads to its most caught-up follower. */
  transferLeadership(): void {
    for (const group of this.#groups) {
      if (group.raft.role !== 'leader') continue
      const { voters } = group.raft.membership
      const others = voters.filter(
        (node) => node !== this.nodeId && this.#runtime.network.isReachable(endpoint(node)),
      )
      const matches = matchIndexes(group.raft)
      const best = others.sort((a, b) => (matches.get(b) ?? 0) - (matches.get(a) ?? 0))[0]
      if (best !== undefined) group.transferLeadership(best)
    }
  }

  /** Opens a watch of this very process. */
  watch(request: WatchRequest, received: WatchReceiver, ended: (reason: ErrorResponse) => void): OpenWatch {
    return openLocalWatch(this.#system.watches, request, received, ended)
  }

  /** Of all groups together. */
  get watchFigures(): WatchFigures {
    return addFigures(this.#groups.map(({ watches }) => watches.figures))
  }

  /** Hands leadership over, ends open requests, flushes the tables and closes the files. */
  close(done: () => void): void {
    if (this.#hasEnded) return done()
    this.#whenClosed.push(done)
    if (this.#whenClosed.length > 1) return
    const ended = (): void => {
      this.#hasEnded = true
      for (const done of this.#whenClosed) done()
    }
    this.transferLeadership()
    this.#whenHandedOver(() => {
      this.#isClosed = true
      this.#addresses.close()
      for (const { watches } of this.#groups) watches.close()
      this.#backups.close()
      this.#open.finishAll('closed', `node ${this.nodeId} is closing: ask another node`)
      this.#router.flush()
      let left = this.#groups.length
      for (const group of this.#groups) {
        group.flush(() => {
          group.close()
          if (--left === 0) this.#log.close(() => this.#tables.close(ended))
        })
      }
    })
  }

  get #system(): Group {
    return this.#groups[0]!
  }

  #receive(from: Endpoint, message: Uint8Array): void {
    if (this.#isClosed) return
    try {
      readParcels(message, (parcel) => {
        switch (parcel.type) {
          case 'raft':
            // Only a member speaks for itself; anything else is a mistake in a client.
            if (parcel.message.from !== (from as number)) return
            return this.#groups[parcel.group]?.receive(parcel.message)
          case 'request':
            if (!this.#seen.isNew(from, parcel.id)) return
            if (parcel.request.kind !== 'watch') return this.#serveRemote(from, parcel)
            return this.#openWatch(from, parcel.id, parcel.group, parcel.request)
          case 'watch':
            return this.#watches.allow(from, parcel)
          case 'response':
            return this.#router.answered(from, parcel.id, parcel.response)
        }
      })
    } catch (error) {
      if (!(error instanceof DureError)) throw error
      // Bytes that make no sense came through a checksummed frame: the other end is broken or of another version.
      this.#runtime.network.disconnect(from)
    }
    this.#turns.wake()
  }

  #openWatch(from: Endpoint, id: number, of: GroupId, request: WatchRequest): void {
    const group = this.#groups[of]
    if (group === undefined) return this.#router.respond(from, id, this.#noSuchGroup(of))
    this.#watches.open(from, id, group.watches, request)
  }

  #serveRemote(from: Endpoint, parcel: RequestParcel): void {
    this.#serve(parcel.request, parcel.group, parcel.hops, parcel.timeoutMs, (response) => {
      this.#router.respond(from, parcel.id, response)
      this.#turns.wake()
    })
  }

  #serve(request: Request, to: GroupId, hops: number, timeoutMs: number, reply: Reply): void {
    if (this.#isClosed) return reply(errorResponse('closed', 'the node is closed', { retryable: true }))
    if (request.kind === 'status') return reply({ status: 'json', json: JSON.stringify(this.status) })
    const group = this.#groups[to]
    if (group === undefined) {
      return reply(this.#noSuchGroup(to))
    }
    if (this.#open.size >= OPEN_REQUESTS_MAX) {
      const message = `${OPEN_REQUESTS_MAX} requests are open on this node: slow down`
      return reply(errorResponse('overloaded', message, { retryable: true, retryAfterMs: 100 }))
    }
    const boundedMs = Math.min(timeoutMs, REQUEST_TIMEOUT_MS_MAX)
    group.serve(request, hops, boundedMs, this.#open.add(reply, boundedMs))
  }

  #noSuchGroup(group: GroupId): ErrorResponse {
    const found = `this node has groups 0 … ${this.#groups.length - 1}`
    return errorResponse('invalid', `asked for group ${group}, but ${found}`)
  }

  #turn(): void {
    for (const group of this.#groups) group.turn()
    this.#watches.flush()
    this.#router.flush()
    // What was answered in this turn may have asked for more of a group that had its turn.
    if (this.#groups.some((group) => group.hasGathered)) this.#turns.defer(() => this.#turns.wake())
  }

  #whenHandedOver(done: () => void): void {
    const giveUpMs = this.#runtime.clock.monotonicMs() + HANDOVER_MS_MAX
    const check = (): void => {
      const leadsAlone = this.#groups.every(
        ({ raft }) => raft.role !== 'leader' || raft.membership.voters.length === 1,
      )
      if (leadsAlone || this.#runtime.clock.monotonicMs() >= giveUpMs) return done()
      this.#runtime.timer(10, check)
    }
    check()
  }
}

/** How far the leader knows each member to be; empty for others. */
function matchIndexes(raft: Raft): ReadonlyMap<NodeId, LogIndex> {
  return new Map(raft.progress.map(({ id, matchIndex }) => [id, matchIndex]))
}
