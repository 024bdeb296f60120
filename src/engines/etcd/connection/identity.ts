import { randomBytes } from 'node:crypto'
import { text, utf8 } from '../../../foundation/bytes.ts'
import { checksum } from '../../../foundation/checksum.ts'
import { DureError } from '../../../foundation/errors.ts'
import type { Keys } from '../keys.ts'
import {
  decodeRange,
  decodeTransaction,
  encodeRange,
  encodeTransaction,
  type RangeResponse,
} from '../wire/key-value-messages.ts'
import { type Ended, grpc } from './grpc-status.ts'

/** Which data a member of etcd has: told apart even where the cluster id is the same (a member that was wiped and set up anew). */
export interface Identity {
  readonly clusterId: string
  /** Written once, at the first contact of any client. Empty when this user may not write it. */
  readonly history: string
}

/** For cursors: another history has another number. */
export const historyNumber = ({ clusterId, history }: Identity): number =>
  checksum(utf8(`${clusterId}/${history}`))

/** One request to the member that is being looked at. */
export type Ask = (path: string, message: Buffer) => Promise<Ended>

const RANGE = '/etcdserverpb.KV/Range'
const TRANSACTION = '/etcdserverpb.KV/Txn'

/**
 * Reads which data a member has. `known`: what this store met with before, and the largest revision it saw.
 *
 * 1. The member's own copy of the history key is read; that costs no quorum.
 * 2. If it is missing (it may lag behind) it is read through the leader, and written if nobody did yet.
 * 3. A revision below one that was seen before means that writes are gone, unless the member only lags behind: the
 *    leader is asked.
 */
export async function readIdentity(
  ask: Ask,
  keys: Keys,
  known: { readonly identity: Identity; readonly revision: number } | undefined,
): Promise<Identity> {
  let answer = await readHistory(ask, keys, true)
  const lags = (response: RangeResponse): boolean =>
    response.pairs.length === 0 || (known !== undefined && response.header.revision < known.revision)
  if (lags(answer)) answer = await readHistory(ask, keys, false)
  let history = answer.pairs.length === 0 ? undefined : text(answer.pairs[0]!.value)
  const { clusterId, revision } = answer.header
  if (known === undefined) return { clusterId, history: history ?? (await writeHistory(ask, keys)) }

  history ??= ''
  if (clusterId !== known.identity.clusterId || history !== known.identity.history) {
    throw new DureError(
      'wrong-cluster',
      `this store belongs to the cluster ${describe(known.identity)}, and this member to ${describe({ clusterId, history })}: ` +
        'it was set up anew or is of another cluster; open a new store to use what is there now',
    )
  }
  if (revision < known.revision) {
    throw new DureError(
      'wrong-cluster',
      `etcd is at revision ${revision} and was at ${known.revision} before: it was set back to an older state; ` +
        'open a new store to use what is there now',
    )
  }
  return known.identity
}

async function readHistory(ask: Ask, keys: Keys, serializable: boolean): Promise<RangeResponse> {
  return decodeRange(succeeded(await ask(RANGE, encodeRange({ key: keys.history, serializable }))).body)
}

async function writeHistory(ask: Ask, keys: Keys): Promise<string> {
  const history = randomBytes(8).toString('hex')
  const ended = await ask(
    TRANSACTION,
    encodeTransaction({
      compares: [{ target: 'mod-revision', key: keys.history, equals: 0 }],
      success: [{ kind: 'put', key: keys.history, value: utf8(history), lease: 0 }],
      failure: [{ kind: 'range', key: keys.history }],
    }),
  )
  if (ended.status === grpc.permissionDenied) return ''
  const answer = decodeTransaction(succeeded(ended).body)
  const [response] = answer.responses
  return !answer.succeeded && response?.kind === 'range' ? text(response.pairs[0]!.value) : history
}

const describe = ({ clusterId, history }: Identity): string => `${clusterId} (history "${history}")`

/** The member answered with something else than success. */
export class NotSucceeded extends Error {
  readonly ended: Ended

  constructor(ended: Ended) {
    super(ended.message)
    this.ended = ended
  }
}

function succeeded(ended: Ended): Ended {
  if (ended.status !== grpc.ok) throw new NotSucceeded(ended)
  return ended
}
