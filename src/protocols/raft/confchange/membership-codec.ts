import { DureError } from '../../../foundation/errors.ts'
import { nodeId } from '../../../foundation/ids.ts'
import type { MembershipChange, MembershipStep } from '../membership.ts'

const TRANSITIONS = ['auto', 'joint', 'joint-explicit'] as const
const KINDS = ['add-voter', 'add-learner', 'remove'] as const
const HEADER_BYTES = 2
const STEP_BYTES = 5
const FORMAT = 1

/** The data of an entry of kind `membership`: format, transition, then for each step its kind and node (big-endian). */
export function encodeMembershipChange(change: MembershipChange): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + STEP_BYTES * change.steps.length)
  const view = new DataView(bytes.buffer)
  bytes[0] = FORMAT
  bytes[1] = TRANSITIONS.indexOf(change.transition)
  change.steps.forEach((step, i) => {
    bytes[HEADER_BYTES + STEP_BYTES * i] = KINDS.indexOf(step.kind)
    view.setUint32(HEADER_BYTES + STEP_BYTES * i + 1, step.node)
  })
  return bytes
}

/** Throws `corrupt` for bytes that `encodeMembershipChange` did not make. */
export function decodeMembershipChange(bytes: Uint8Array): MembershipChange {
  const transition = TRANSITIONS[bytes[1] ?? -1]
  const count = (bytes.length - HEADER_BYTES) / STEP_BYTES
  if (bytes[0] !== FORMAT || transition === undefined || !Number.isInteger(count)) throw corrupt(bytes)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const steps: MembershipStep[] = []
  for (let i = 0; i < count; i++) {
    const kind = KINDS[bytes[HEADER_BYTES + STEP_BYTES * i]!]
    if (kind === undefined) throw corrupt(bytes)
    steps.push({ kind, node: nodeId(view.getUint32(HEADER_BYTES + STEP_BYTES * i + 1)) })
  }
  return { transition, steps }
}

const corrupt = (bytes: Uint8Array): DureError =>
  new DureError(
    'corrupt',
    `a membership change of ${bytes.length} bytes was read from the log, and it is not one that this version writes: ` +
      'check that all nodes run the same version',
  )
