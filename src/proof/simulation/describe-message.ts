import { unreachable } from '../../foundation/assert.ts'
import type { Message } from '../../protocols/raft/message.ts'
import type { Parcel } from '../../wire/parcel/parcel.ts'
import { readParcels } from '../../wire/parcel/parcel-reader.ts'

/** A message of the cluster in a few words, for pictures. */
export function describeMessage(message: Uint8Array): string {
  const parts: string[] = []
  readParcels(message, (parcel) => parts.push(describeParcel(parcel)))
  return parts.length <= 3 ? parts.join(' + ') : `${parts.slice(0, 2).join(' + ')} + ${parts.length - 2} more`
}

function describeParcel(parcel: Parcel): string {
  switch (parcel.type) {
    case 'raft':
      return describeRaft(parcel.message)
    case 'request':
      return `${parcel.request.kind} #${parcel.id}${parcel.hops > 0 ? ' passed on' : ''}`
    case 'response': {
      const { response } = parcel
      return `${response.status === 'error' ? `error ${response.code}` : response.status} #${parcel.id}`
    }
    case 'changes': {
      const { watches, batch } = parcel
      const to = watches.map(({ id, sequence }) => `#${id}.${sequence}`).join(' ')
      return `${batch.changes.length} changes for ${to}`
    }
    case 'watch':
      return `watch #${parcel.id} ${parcel.allowedBytes === 0 ? 'ends' : `may have ${parcel.allowedBytes} bytes`}`
    default:
      return unreachable(parcel)
  }
}

function describeRaft(message: Message): string {
  const at = `t${message.term}`
  switch (message.type) {
    case 'vote-request':
      return `${message.preVote ? 'pre-vote?' : 'vote?'} ${at} last ${message.lastLogIndex}/t${message.lastLogTerm}`
    case 'vote-response':
      return `${message.preVote ? 'pre-vote' : 'vote'} ${message.granted ? 'yes' : 'no'} ${at}`
    case 'append-request':
      return `append ${at} ${message.previousLogIndex}/t${message.previousLogTerm} +${message.entries.length} commit ${message.commitIndex}`
    case 'append-response':
      return message.accepted
        ? `match ${message.matchIndex} ${at}`
        : `no match at ${message.matchIndex} ${at}`
    case 'heartbeat':
      return `heartbeat ${at} commit ${message.commitIndex}`
    case 'heartbeat-response':
      return `alive ${at}`
    case 'snapshot-chunk':
      return `snapshot ${message.meta.index} chunk ${message.chunk}${message.last ? ' (last)' : ''} ${at}`
    case 'snapshot-response':
      return message.installed
        ? `installed ${message.index} ${at}`
        : `snapshot ${message.index} next ${message.nextChunk} ${at}`
    case 'timeout-now':
      return `campaign now ${at}`
    default:
      return unreachable(message)
  }
}
