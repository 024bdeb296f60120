import { unreachable } from '../../foundation/assert.ts'
import { DureError } from '../../foundation/errors.ts'
import { type FoundIdentity, IDENTITY_FORMAT, type Identity } from './identity.ts'
import { REPLACE_NODE } from './replace-node.ts'

export interface DirectoryClaim {
  readonly expected: Identity
  readonly found: FoundIdentity
  readonly hasLog: boolean
  readonly hasTables: boolean
  /** Whether an empty directory may be made into this node's: true once in a node's life. */
  readonly initialize: boolean
}

export type DirectoryVerdict =
  | { readonly verdict: 'use' }
  /** As `use`, once the identity is written anew: a version that does not know what we write must not start on it. */
  | { readonly verdict: 'upgrade'; readonly identity: Identity }
  /** Write the identity, then use it. */
  | { readonly verdict: 'create' }
  | { readonly verdict: 'refuse'; readonly error: DureError }

/**
 * Whether a node may start on a directory.
 *
 * | identity | rest | `initialize` | verdict |
 * | --- | --- | --- | --- |
 * | ours | a log, or nothing yet | any | use |
 * | ours, of an older format | a log, or nothing yet | any | upgrade |
 * | ours | tables, no log | any | refuse, `forgotten`: tables are made after the log, so it had one, with a vote |
 * | none | nothing | yes | create |
 * | none | nothing | no | refuse, `forgotten`: it had data once, and a vote |
 * | none | log or tables | any | refuse: whose data it is cannot be told |
 * | another node's or cluster's | any | any | refuse |
 * | newer, damaged | any | any | refuse |
 */
export function judgeDirectory(claim: DirectoryClaim): DirectoryVerdict {
  const { expected, found, hasLog, hasTables, initialize } = claim
  const asked = `node ${expected.nodeId} of cluster ${expected.clusterId} was started on this data directory`
  switch (found.kind) {
    case 'valid': {
      const { clusterId, nodeId } = found.identity
      if (clusterId !== expected.clusterId) {
        return refuse(
          'wrong-cluster',
          `${asked}, which belongs to cluster ${clusterId} (node ${nodeId}): give it its own directory`,
        )
      }
      if (nodeId !== expected.nodeId) {
        return refuse(
          'data-directory',
          `${asked}, which belongs to node ${nodeId} of the same cluster: give it its own directory`,
        )
      }
      if (hasTables && !hasLog) {
        return refuse(
          'forgotten',
          `${asked}, which holds tables but no log: its vote is lost. Restore the log, or ${REPLACE_NODE}`,
        )
      }
      if (found.format < IDENTITY_FORMAT) return { verdict: 'upgrade', identity: found.identity }
      return { verdict: 'use' }
    }
    case 'newer':
      return refuse(
        'data-directory',
        `${asked}, which has format ${found.format}, written by a newer version of Dure: start that version, or a later one`,
      )
    case 'damaged':
      return refuse(
        'corrupt',
        `${asked}, but its file "identity" is damaged: restore that file, or ${REPLACE_NODE}`,
      )
    case 'none':
      if (hasLog || hasTables) {
        return refuse(
          'data-directory',
          `${asked}, which holds data but no file "identity": restore that file, or ${REPLACE_NODE}`,
        )
      }
      if (initialize) return { verdict: 'create' }
      return refuse(
        'forgotten',
        `${asked}, which is empty, though the node is known: its log and its vote are lost. Restore the directory, or ${REPLACE_NODE}`,
      )
    default:
      return unreachable(found)
  }
}

function refuse(
  code: 'corrupt' | 'data-directory' | 'forgotten' | 'wrong-cluster',
  message: string,
): DirectoryVerdict {
  return { verdict: 'refuse', error: new DureError(code, message) }
}
