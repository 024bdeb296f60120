import { connect } from 'node:net'
import { text as readText } from 'node:stream/consumers'
import { DureError } from '../../foundation/errors.ts'
import { findControlAddress } from './control-address.ts'
import { type ControlRequest, controlResponse, type ProcessInfo } from './control-protocol.ts'

/** Starting a node replays its log. */
const ANSWER_TIMEOUT_MS = 60_000

/** Asks the supervisor of a directory. Errors: `unavailable` when none runs there. */
export async function askSupervisor(directory: string, request: ControlRequest): Promise<ProcessInfo[]> {
  const address = findControlAddress(directory)
  if (address === undefined) throw nobody(directory)
  const answer = await exchange(address, `${JSON.stringify(request)}\n`).catch(
    (cause: NodeJS.ErrnoException) => {
      if (cause instanceof DureError) throw cause
      throw nobody(directory, cause)
    },
  )
  const parsed = controlResponse.safeParse(parseJson(answer))
  if (!parsed.success)
    throw new DureError('unavailable', `the supervisor of ${directory} ended before it answered`)
  if (parsed.data.ok) return parsed.data.nodes
  throw new DureError(parsed.data.code, parsed.data.message)
}

function exchange(address: string, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(address)
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => {
      socket.destroy(new DureError('timeout', `the supervisor did not answer within ${ANSWER_TIMEOUT_MS} ms`))
    })
    socket.once('error', reject)
    socket.write(line)
    readText(socket).then(resolve, reject)
  })
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function nobody(directory: string, cause?: unknown): DureError {
  const advice = 'start one with `npm start` or `dure up`, or say where it is with --directory'
  return new DureError('unavailable', `no cluster runs in ${directory}: ${advice}`, { cause })
}
