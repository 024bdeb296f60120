import { MalformedMessage } from './malformed-message.ts'

/**
 * What nodes exchange: one JSON object per line.
 *
 * ```json
 * {"src": "c1", "dest": "n1", "body": {"type": "echo", "msg_id": 1, "echo": "hello"}}
 * ```
 */
export interface Message {
  readonly src: string
  readonly dest: string
  readonly body: Body
}

/** Between nodes it may hold anything; towards clients and services `type` says what it is. */
export interface Body {
  readonly type?: unknown
  /** Unique among the messages of its sender; asks for a reply. */
  readonly msg_id?: unknown
  /** The `msg_id` that this answers. */
  readonly in_reply_to?: unknown
  readonly [name: string]: unknown
}

/** A line that a node wrote. Throws `MalformedMessage`, which says what was expected. */
export function parseMessage(line: string, node: string): Message {
  const expected = `{"src": "${node}", "dest": "…", "body": {"type": "…", …}} on a line of its own`
  let message: unknown
  try {
    message = JSON.parse(line)
  } catch (error) {
    throw new MalformedMessage(node, line, expected, `it is not JSON (${(error as Error).message})`)
  }
  if (!isObject(message)) throw new MalformedMessage(node, line, expected, 'it is not an object')
  const { src, dest, body } = message
  const wrong =
    typeof src !== 'string'
      ? '"src" is not a string'
      : typeof dest !== 'string'
        ? '"dest" is not a string'
        : !isObject(body)
          ? '"body" is not an object'
          : src !== node
            ? `"src" is ${JSON.stringify(src)}, and a node speaks for itself alone`
            : undefined
  if (wrong !== undefined) throw new MalformedMessage(node, line, expected, wrong)
  return { src: src as string, dest: dest as string, body: body as Body }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
