import { DureError } from '../../../foundation/errors.ts'
import { nodeId } from '../../../foundation/ids.ts'
import type { MembershipChange, MembershipStep } from '../membership.ts'

const TRANSITIONS = ['auto', 'joint', 'joint-explicit'] as const
const KINDS = ['add-voter', 'add-learner', 'remove'] as const
const STEP_BYTES = 5
const FORMAT = 1
const FORMAT_WITH_CONTEXT = 2
const headerBytesOf = (format: number): number => (format === FORMAT_WITH_CONTEXT ? 4 : 2)

/**
 * The data of an entry of kind `membership`: format, transition, then for each step its kind and node (big-endian). With
 * a context, which stands at the end, the number of steps comes before them.
 */
export function encodeMembershipChange(change: MembershipChange): Uint8Array {
  const { steps, context } = change
  const format = context === undefined ? FORMAT : FORMAT_WITH_CONTEXT
  const headerBytes = headerBytesOf(format)
  const bytes = new Uint8Array(headerBytes + STEP_BYTES * steps.length + (context?.length ?? 0))
  const view = new DataView(bytes.buffer)
  bytes[0] = format
  bytes[1] = TRANSITIONS.indexOf(change.transition)
  if (context !== undefined) {
    view.setUint16(2, steps.length)
    bytes.set(context, bytes.length - context.length)
  }
  steps.forEach((step, i) => {
    bytes[headerBytes + STEP_BYTES * i] = KINDS.indexOf(step.kind)
    view.setUint32(headerBytes + STEP_BYTES * i + 1, step.node)
  })
  return bytes
}

/** Throws `corrupt` for bytes that `encodeMembershipChange` did not make. */
export function decodeMembershipChange(bytes: Uint8Array): MembershipChange {
  const format = bytes[0]
  const transition = TRANSITIONS[bytes[1] ?? -1]
  if ((format !== FORMAT && format !== FORMAT_WITH_CONTEXT) || transition === undefined) throw corrupt(bytes)
  const headerBytes = headerBytesOf(format)
  if (bytes.length < headerBytes) throw corrupt(bytes)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const hasContext = format === FORMAT_WITH_CONTEXT
  const count = hasContext ? view.getUint16(2) : (bytes.length - headerBytes) / STEP_BYTES
  const end = headerBytes + STEP_BYTES * count
  if (!Number.isInteger(count) || bytes.length < end) throw corrupt(bytes)
  const steps: MembershipStep[] = []
  for (let at = headerBytes; at < end; at += STEP_BYTES) {
    const kind = KINDS[bytes[at]!]
    if (kind === undefined) throw corrupt(bytes)
    steps.push({ kind, node: nodeId(view.getUint32(at + 1)) })
  }
  return hasContext ? { transition, steps, context: bytes.subarray(end) } : { transition, steps }
}

const corrupt = (bytes: Uint8Array): DureError =>
  new DureError(
    'corrupt',
    `a membership change of ${bytes.length} bytes was read from the log, and it is not one that this version writes: ` +
      'check that all nodes run the same version',
  )
