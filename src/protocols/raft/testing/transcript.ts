import { text, utf8 } from '../../../foundation/bytes.ts'
import { nodeId } from '../../../foundation/ids.ts'
import type { Effect } from '../effect.ts'
import type { Entry } from '../entry.ts'
import type { Membership, MembershipStep } from '../membership.ts'
import type { Message } from '../message.ts'
import { Cluster } from './cluster.ts'
import type { DataDrivenCase } from './data-driven.ts'

/**
 * A conversation between nodes as text. Commands:
 *
 * - `add-nodes 3`: the founders; later `add-node 4`: an empty node that is to join.
 * - `advance 50`: time passes and whoever is due wakes; `advance 50 only=(1)`: only those.
 * - `campaign 1`: its election timeout passes.
 * - `propose 1 a b`, `read 1`, `change 1 v4 r2 [transition=joint]`, `transfer 1 2`, `compact 1 [keep=100]`
 * - `deliver [to=(2)] [from=(1)]`: what is in the network now, once; `drop`: the same, lost.
 * - `persist 2 [count=1]`: its disk writes; `table 2`: its work on snapshots is done.
 * - `crash 2`, `restart 2`
 * - `stabilize`: deliver, write and work until nothing is left.
 * - `status`: where everyone stands.
 */
export class Transcript {
  #cluster: Cluster | undefined
  #lines: string[] = []

  answer(one: DataDrivenCase): string {
    this.#lines = []
    this.#run(one)
    return this.#lines.length === 0 ? 'ok\n' : `${this.#lines.join('\n')}\n`
  }

  #run({ command, words, options, lineNumber }: DataDrivenCase): void {
    if (command === 'add-nodes') {
      this.#cluster = new Cluster({
        voters: Number(words[0]),
        observe: (node, _event, effects) => {
          for (const effect of effects)
            if (effect.type !== 'deadline') this.#lines.push(`${node.id} ${describeEffect(effect)}`)
        },
      })
      return
    }
    const cluster = this.#cluster
    if (cluster === undefined) throw new Error(`line ${lineNumber}: add-nodes comes first`)
    const id = Number(words[0])
    switch (command) {
      case 'add-node':
        cluster.add(nodeId(id))
        return
      case 'advance':
        if (!options.has('only')) cluster.advance(Number(words[0]))
        else {
          cluster.nowMs += Number(words[0])
          for (const only of options.get('only')!) cluster.tick(Number(only))
        }
        return
      case 'campaign':
        cluster.stand(id)
        return
      case 'propose':
        cluster.propose(id, ...words.slice(1).map(utf8))
        return
      case 'read':
        cluster.read(id)
        return
      case 'change': {
        const transition = (options.get('transition')?.[0] ?? 'auto') as 'auto' | 'joint' | 'joint-explicit'
        cluster.change(id, { transition, steps: words.slice(1).map(step) })
        return
      }
      case 'transfer':
        cluster.transfer(id, Number(words[1]))
        return
      case 'compact':
        cluster.compact(id, Number(options.get('keep')?.[0] ?? 0))
        return
      case 'deliver':
      case 'drop': {
        const matches = (message: Message) =>
          (options.get('from')?.includes(String(message.from)) ?? true) &&
          (options.get('to')?.includes(String(message.to)) ?? true)
        const now = cluster.network.filter(matches)
        for (const message of now) {
          const at = cluster.network.indexOf(message)
          if (command === 'deliver') cluster.deliverAt(at)
          else cluster.network.splice(at, 1)
        }
        return
      }
      case 'persist':
        cluster.persist(id, options.has('count') ? Number(options.get('count')![0]) : undefined)
        return
      case 'table':
        while (cluster.workOnTable(id));
        return
      case 'crash':
        cluster.crash(id)
        return
      case 'restart':
        cluster.restart(id)
        return
      case 'stabilize':
        cluster.settle()
        return
      case 'status':
        for (const { raft, table, isUp } of cluster.nodes.values()) {
          this.#lines.push(
            `${raft.id} ${isUp ? raft.role : 'down'} term=${raft.term} leader=${raft.leader ?? 'none'} base=${raft.base.index} last=${raft.lastIndex} commit=${raft.commitIndex} applied=${table.index} ${describeMembership(raft.membership)}`,
          )
        }
        return
      default:
        throw new Error(`line ${lineNumber}: unknown command ${command}`)
    }
  }
}

function step(word: string): MembershipStep {
  const node = nodeId(Number(word.slice(1)))
  const kind = ({ v: 'add-voter', l: 'add-learner', r: 'remove' } as const)[word[0]!]
  if (kind === undefined) throw new Error(`unknown step ${word}`)
  return { kind, node }
}

function describeEffect(effect: Effect): string {
  switch (effect.type) {
    case 'send':
      return `-> ${effect.message.to} ${describeMessage(effect.message)}`
    case 'persist': {
      const { hardState, reset, entries } = effect
      const parts = [`persist #${effect.sequence}`]
      if (hardState !== undefined) {
        parts.push(`term=${hardState.term} vote=${hardState.vote ?? 'none'} commit=${hardState.commitIndex}`)
      }
      if (reset !== undefined) parts.push(`reset to ${reset.index}/${reset.term}`)
      if (entries.length > 0) parts.push(describeEntries(entries))
      return parts.join(' ')
    }
    case 'apply':
      return `apply ${describeEntries(effect.entries)}`
    case 'proposed':
      return `proposed from ${effect.firstIndex}/${effect.term}`
    case 'refused':
      return `refused: ${effect.reason}, leader ${effect.leader ?? 'unknown'}`
    case 'read':
      return `read at ${effect.index}`
    case 'role':
      return `is ${effect.role} in term ${effect.term}, leader ${effect.leader ?? 'unknown'}`
    case 'membership':
      return `membership ${describeMembership(effect.membership)} at ${effect.index}`
    case 'deadline':
      return `deadline ${effect.atMs}`
    case 'compacted':
      return `compacted to ${effect.index}/${effect.term}`
    case 'read-snapshot':
      return `read snapshot ${effect.index ?? 'fresh'} chunk ${effect.chunk} for ${effect.to}`
    case 'snapshot-done':
      return `snapshot for ${effect.to} done`
    case 'write-snapshot':
      return `write snapshot ${effect.meta.index}/${effect.meta.term} chunk ${effect.chunk}${effect.last ? ' (last)' : ''}`
    case 'install-snapshot':
      return `install snapshot ${effect.meta.index}/${effect.meta.term}`
  }
}

function describeMessage(message: Message): string {
  const inTerm = `term=${message.term}`
  switch (message.type) {
    case 'vote-request':
      return `${message.preVote ? 'pre-vote' : 'vote'}? ${inTerm} last=${message.lastLogIndex}/${message.lastLogTerm}${message.transfer ? ' transfer' : ''}`
    case 'vote-response':
      return `${message.preVote ? 'pre-vote' : 'vote'}: ${message.granted ? 'yes' : 'no'} ${inTerm}`
    case 'append-request':
      return `append ${inTerm} after=${message.previousLogIndex}/${message.previousLogTerm} commit=${message.commitIndex} ${describeEntries(message.entries)}`
    case 'append-response':
      return message.accepted
        ? `append: yes ${inTerm} match=${message.matchIndex}`
        : `append: no ${inTerm} refused=${message.matchIndex} hint=${message.hintIndex}/${message.hintTerm}`
    case 'heartbeat':
      return `heartbeat ${inTerm} commit=${message.commitIndex} read=${message.readContext}`
    case 'heartbeat-response':
      return `heartbeat: ${inTerm} read=${message.readContext}`
    case 'snapshot-chunk':
      return `snapshot ${inTerm} ${message.meta.index}/${message.meta.term} chunk ${message.chunk}${message.last ? ' (last)' : ''}`
    case 'snapshot-response':
      return `snapshot: ${inTerm} ${message.index} ${message.installed ? 'installed' : `next=${message.nextChunk}`}`
    case 'timeout-now':
      return `timeout-now ${inTerm}`
  }
}

const describeEntries = (entries: readonly Entry[]): string =>
  `[${entries.map(({ index, term, kind, data }) => `${index}/${term} ${kind === 'command' ? text(data) : kind}`).join(', ')}]`

function describeMembership({
  voters,
  votersOutgoing,
  learners,
  learnersNext,
  autoLeave,
}: Membership): string {
  const parts = [`voters=(${voters})`]
  if (votersOutgoing.length > 0) parts.push(`outgoing=(${votersOutgoing})`)
  if (learners.length > 0) parts.push(`learners=(${learners})`)
  if (learnersNext.length > 0) parts.push(`learners-next=(${learnersNext})`)
  if (autoLeave) parts.push('auto-leave')
  return parts.join(' ')
}
