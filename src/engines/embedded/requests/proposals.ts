import { assert } from '../../../foundation/assert.ts'
import type { LogIndex, NodeId, Term } from '../../../foundation/ids.ts'
import { mark } from '../../../foundation/marks.ts'
import type { RefusalReason } from '../../../protocols/raft/effect.ts'
import type { CommandResult } from '../../../wire/command/command.ts'
import { errorResponse } from '../../client/error-response.ts'
import type { OpenRequest, OpenRequests } from './open-requests.ts'

interface Appended {
  readonly term: Term
  readonly request: OpenRequest
}

/**
 * Commands on their way through the log: gathered for a turn, then appended, then applied. While we lead, what we
 * appended at an index is what will be applied there; once we do not, nobody here can tell.
 */
export class Proposals {
  readonly #open: OpenRequests
  #gathered: OpenRequest[] = []
  #commands: Uint8Array[] = []
  readonly #proposed = new Map<number, OpenRequest[]>()
  readonly #appended = new Map<LogIndex, Appended>()

  constructor(open: OpenRequests) {
    this.#open = open
  }

  get hasGathered(): boolean {
    return this.#gathered.length > 0
  }

  gather(command: Uint8Array, request: OpenRequest): void {
    this.#commands.push(command)
    this.#gathered.push(request)
  }

  /** All that was gathered, as one proposal; but for what was told meanwhile that nothing happened. */
  takeGathered(token: number): readonly Uint8Array[] {
    let commands = this.#commands
    let requests = this.#gathered
    this.#commands = []
    this.#gathered = []
    if (!requests.every((request) => this.#open.isOpen(request))) {
      const gathered = requests
      commands = commands.filter((_, i) => this.#open.isOpen(gathered[i]!))
      requests = gathered.filter((request) => this.#open.isOpen(request))
    }
    this.#proposed.set(token, requests)
    return commands
  }

  appended(token: number, firstIndex: LogIndex, term: Term): void {
    const requests = this.#proposed.get(token) ?? []
    this.#proposed.delete(token)
    for (const [i, request] of requests.entries()) {
      request.outcomeOnTimeout = 'unknown'
      this.#appended.set((firstIndex + i) as LogIndex, { term, request })
    }
  }

  refused(token: number, reason: RefusalReason, leader: NodeId | undefined, leaderAddress: string): void {
    const requests = this.#proposed.get(token) ?? []
    this.#proposed.delete(token)
    for (const request of requests) this.#open.finish(request, refusal(reason, leader, leaderAddress))
  }

  applied(index: LogIndex, term: Term, result: CommandResult | undefined): void {
    const appended = this.#appended.get(index)
    if (appended === undefined) return
    assert(appended.term === term && result !== undefined, 'what a leader appended is what is applied')
    this.#appended.delete(index)
    this.#open.finish(appended.request, { status: 'command', result })
  }

  /**
   * We lead no more. What we appended may still be committed, by us or by another leader, or never; whoever asked learns
   * it sooner by asking again, with the same token, than by waiting here.
   */
  leadershipLost(): void {
    if (this.#appended.size === 0) return
    mark('node/proposals-left-open')
    const message = 'leadership changed while the write was under way: it may have happened or may happen yet'
    const unknown = errorResponse('unavailable', message, { outcome: 'unknown', retryable: true })
    for (const { request } of this.#appended.values()) this.#open.finish(request, unknown)
    this.#appended.clear()
  }
}

/** What a client is told when the core refuses: nothing has happened, and who might help. */
export function refusal(reason: RefusalReason, leader: NodeId | undefined, leaderAddress: string) {
  const where = { retryable: true, leader: leader ?? 0, leaderAddress }
  switch (reason) {
    case 'not-leader':
    case 'leadership-lost': {
      const known =
        leader === undefined ? 'and no leader is known: a majority may be out of reach' : `ask node ${leader}`
      return errorResponse('not-leader', `this node does not lead, ${known}. Nothing was changed`, where)
    }
    case 'leader-changing':
      return errorResponse('unavailable', 'leadership is being handed over: try again in a moment', where)
    case 'overloaded':
      return errorResponse('overloaded', 'too many uncommitted bytes are waiting: slow down', {
        ...where,
        retryAfterMs: 50,
      })
    case 'membership-busy':
      return errorResponse('unavailable', 'another change of the membership is under way: wait for it', where)
    case 'membership-invalid':
      return errorResponse('invalid', 'this change of the membership makes no sense as things stand')
  }
}
