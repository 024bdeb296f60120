import { DureError } from '../../foundation/errors.ts'

export interface Replacement {
  /** The node that is gone for good. */
  readonly dead: number
  /** The one that comes for it. */
  readonly node: number
  /** What follows a command that is named, so that it means the same cluster; empty for the usual one. */
  readonly where: string
}

/** What a replacement is made of. Each of the changes may be asked for again. */
export interface ReplacementSteps {
  /** Nodes that belong to the cluster, or did so not long ago. */
  knownNodes(): Promise<readonly number[]>
  /** Whether the number of a node that is not known belonged to one that was removed. Changes nothing. */
  isUsedUp(node: number): Promise<boolean>
  add(): Promise<void>
  promote(): Promise<void>
  remove(): Promise<void>
}

/**
 * Puts a new node in the place of one that is gone. The cluster is never smaller than it was, and what was interrupted is
 * done by asking again: so the dead node may be removed already, and the new one may be a member.
 *
 * Errors: `invalid`, with nothing changed, when there never was such a dead node; those of the steps, with what was done
 * and what is left.
 */
export async function replaceMember(replacement: Replacement, steps: ReplacementSteps): Promise<void> {
  const { dead, node, where } = replacement
  const known = await steps.knownNodes()
  // Before anything is added: a wrong number would leave the cluster with a voter that nobody meant to have.
  if (!known.includes(dead) && !(await steps.isUsedUp(dead))) {
    throw new DureError(
      'invalid',
      `asked to replace node ${dead} by node ${node}, but there is no node ${dead} and never was: this cluster has ${known.join(', ')}. Nothing was changed: name one of these`,
    )
  }
  await steps.add()
  const removal = `dure member remove ${dead}${where}`
  try {
    await steps.promote()
  } catch (error) {
    throw halfDone(replacement, error, {
      done: `node ${node} was added`,
      open: 'its promotion',
      left: `dure member promote ${node}${where}, then ${removal}`,
    })
  }
  try {
    await steps.remove()
  } catch (error) {
    throw halfDone(replacement, error, {
      done: `node ${node} was added and votes`,
      open: `the removal of node ${dead}`,
      left: removal,
    })
  }
}

interface HalfDone {
  readonly done: string
  readonly open: string
  /** The commands that do what is left; to ask for one again does no harm. */
  readonly left: string
}

/** The error of a step as one of the whole: that this step changed nothing does not say that nothing was changed. */
function halfDone({ dead, node }: Replacement, error: unknown, { done, open, left }: HalfDone): unknown {
  if (!(error instanceof DureError)) return error
  const { code, outcome, retryable, retryAfterMs } = error
  const reason = error.message.replace(/\. Nothing was changed$/, '')
  return new DureError(
    code,
    `asked to replace node ${dead} by node ${node}: ${done}, but ${open} was not completed (${reason}). What is left to do: ${left}`,
    { outcome, retryable, ...(retryAfterMs !== undefined && { retryAfterMs }), cause: error },
  )
}
