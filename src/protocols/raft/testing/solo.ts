import { type LogIndex, logIndex, type NodeId, nodeId, type Term, term } from '../../../foundation/ids.ts'
import type { RaftConfig } from '../config.ts'
import type { Effect } from '../effect.ts'
import type { Entry } from '../entry.ts'
import type { RaftEvent } from '../event.ts'
import type { Membership } from '../membership.ts'
import type { Message } from '../message.ts'
import { Raft } from '../raft.ts'
import { membershipOf } from './cluster.ts'
import { testConfig } from './test-config.ts'

type Without<Event> = Event extends unknown ? Omit<Event, 'nowMs'> : never
type Unaddressed<M> = M extends unknown ? Omit<M, 'to'> : never

export interface SoloOptions {
  readonly voters?: number
  readonly membership?: Membership
  readonly term?: number
  readonly vote?: number
  readonly commitIndex?: number
  /** Terms of the entries that it starts with. */
  readonly log?: readonly number[]
  readonly config?: Partial<RaftConfig>
}

/** Node 1 alone with a test that plays all the others, message by message. */
export class Solo {
  readonly raft: Raft
  readonly effects: Effect[] = []
  nowMs = 0
  #sequence = 0
  #token = 0
  #deadlineMs = Number.POSITIVE_INFINITY

  constructor(options: SoloOptions = {}) {
    const voters = Array.from({ length: options.voters ?? 3 }, (_, i) => nodeId(i + 1))
    const commitIndex = logIndex(options.commitIndex ?? 0)
    const vote = options.vote === undefined ? undefined : nodeId(options.vote)
    const membership = options.membership ?? membershipOf(voters)
    this.raft = new Raft(
      { ...testConfig, random: () => 0, ...options.config, id: nodeId(1) },
      {
        hardState: { term: term(options.term ?? options.log?.at(-1) ?? 0), vote, commitIndex },
        log: { base: { index: logIndex(0), term: term(0) }, entries: entriesFrom(1, options.log ?? []) },
        applied: { index: logIndex(0), term: term(0), membership },
      },
    )
    this.tick()
  }

  step(event: Without<RaftEvent>): readonly Effect[] {
    const effects = this.raft.step({ ...event, nowMs: this.nowMs } as RaftEvent)
    for (const effect of effects) {
      if (effect.type === 'persist') this.#sequence = effect.sequence
      if (effect.type === 'deadline') this.#deadlineMs = effect.atMs
    }
    this.effects.push(...effects)
    return effects
  }

  /** Time passes, and it is woken whenever it asked to be. */
  tick(afterMs = 0): readonly Effect[] {
    const before = this.effects.length
    const end = this.nowMs + afterMs
    while (this.#deadlineMs > this.nowMs && this.#deadlineMs < end) {
      this.nowMs = this.#deadlineMs
      this.step({ type: 'tick' })
    }
    this.nowMs = end
    this.step({ type: 'tick' })
    return this.effects.slice(before)
  }

  /** Time passes, and the process does not run. */
  pause(forMs: number): readonly Effect[] {
    this.nowMs += forMs
    return this.step({ type: 'tick' })
  }

  receive(message: Unaddressed<Message>): readonly Effect[] {
    return this.step({ type: 'message', message: { ...message, to: nodeId(1) } as Message })
  }

  /** The disk has done all that it was given, or up to a sequence. */
  persisted(sequence = this.#sequence): readonly Effect[] {
    return this.step({ type: 'persisted', sequence })
  }

  propose(...commands: readonly Uint8Array[]): number {
    const token = ++this.#token
    this.step({ type: 'propose', token, commands })
    return token
  }

  read(): number {
    const token = ++this.#token
    this.step({ type: 'read', token })
    return token
  }

  /** Campaigns and wins with the votes of all others; its no-op is on its way. */
  lead(): void {
    this.tick(2 * testConfig.electionTimeoutMs)
    const inTerm = term(this.raft.term + 1)
    const { voters, votersOutgoing } = this.raft.membership
    const others = [...new Set([...voters, ...votersOutgoing])].filter((id) => id !== 1)
    for (const from of others)
      this.receive({ ...noCommit, type: 'vote-response', from, term: inTerm, preVote: true, granted: true })
    this.persisted()
    for (const from of others)
      this.receive({ ...noCommit, type: 'vote-response', from, term: inTerm, preVote: false, granted: true })
  }

  /** A follower has everything up to an index. */
  acknowledge(from: number, index: number): readonly Effect[] {
    return this.receive({
      type: 'append-response',
      from: nodeId(from),
      term: this.raft.term,
      accepted: true,
      matchIndex: logIndex(index),
      hintIndex: logIndex(0),
      hintTerm: term(0),
    })
  }

  /** A leader of a term sends entries of these terms. */
  append(
    from: number,
    inTerm: number,
    after: readonly [number, number],
    terms: readonly number[],
    commitIndex = 0,
  ): readonly Effect[] {
    return this.receive({
      type: 'append-request',
      from: nodeId(from),
      term: term(inTerm),
      previousLogIndex: logIndex(after[0]),
      previousLogTerm: term(after[1]),
      commitIndex: logIndex(commitIndex),
      entries: entriesFrom(after[0] + 1, terms),
    })
  }

  askForVote(
    from: number,
    inTerm: number,
    last: readonly [number, number],
    flags: { preVote?: boolean; transfer?: boolean } = {},
  ): readonly Effect[] {
    return this.receive({
      type: 'vote-request',
      from: nodeId(from),
      term: term(inTerm),
      preVote: flags.preVote ?? false,
      transfer: flags.transfer ?? false,
      lastLogIndex: logIndex(last[0]),
      lastLogTerm: term(last[1]),
    })
  }

  heartbeatResponse(from: number, readContext: number): readonly Effect[] {
    return this.receive({ type: 'heartbeat-response', from: nodeId(from), term: this.raft.term, readContext })
  }

  /** The terms of its log. */
  get terms(): readonly (Term | undefined)[] {
    return Array.from({ length: this.raft.lastIndex }, (_, i) =>
      this.raft.termAt(logIndex(i + 1) as LogIndex),
    )
  }
}

export const noCommit = { commitIndex: logIndex(0), commitTerm: term(0) }

const entriesFrom = (first: number, terms: readonly number[]): readonly Entry[] =>
  terms.map((entryTerm, i) => ({
    index: logIndex(first + i),
    term: term(entryTerm),
    kind: 'command',
    data: new Uint8Array([entryTerm, first + i]),
  }))

/** The messages of one type among effects. */
export function sent<Type extends Message['type']>(
  effects: readonly Effect[],
  type: Type,
): readonly Extract<Message, { type: Type }>[] {
  return effects.flatMap((effect) =>
    effect.type === 'send' && effect.message.type === type
      ? [effect.message as Extract<Message, { type: Type }>]
      : [],
  )
}

export const ofType = <Type extends Effect['type']>(effects: readonly Effect[], type: Type) =>
  effects.filter((effect): effect is Extract<Effect, { type: Type }> => effect.type === type)

export const node = (id: number): NodeId => nodeId(id)
