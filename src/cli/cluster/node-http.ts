import type { NodeStatus } from '../../engines/embedded/status.ts'
import { DureError } from '../../foundation/errors.ts'

/** What a node answers over HTTP to the command line. Errors: `unavailable` when it does not answer in time. */
export class NodeHttp {
  readonly node: number
  readonly #address: string
  readonly #timeoutMs: number

  constructor(node: number, address: string, timeoutMs: number) {
    this.node = node
    this.#address = address
    this.#timeoutMs = timeoutMs
  }

  async status(): Promise<NodeStatus> {
    const answer = (await this.#call('GET', '/status')) as NodeStatus | null
    if (answer?.node_id === this.node) return answer
    throw new DureError(
      'unavailable',
      `something that is not node ${this.node} answers at ${this.#address}: use the cluster's --base-port`,
    )
  }

  /** Cuts the node off from these, and from nobody else. */
  async block(nodes: readonly number[]): Promise<void> {
    await this.#call('POST', '/v1/faults', { block: nodes })
  }

  async clearFaults(): Promise<void> {
    await this.#call('DELETE', '/v1/faults')
  }

  async #call(method: string, path: string, body?: unknown): Promise<unknown> {
    const url = `http://${this.#address}${path}`
    let response: Response
    let answer: unknown
    try {
      response = await fetch(url, {
        method,
        signal: AbortSignal.timeout(this.#timeoutMs),
        ...(body !== undefined && {
          body: JSON.stringify(body),
          headers: { 'content-type': 'application/json' },
        }),
      })
      answer = await response.json()
    } catch (cause) {
      const isLate = (cause as Error).name === 'TimeoutError'
      const found = isLate ? `did not answer within ${this.#timeoutMs} ms` : 'does not answer'
      throw new DureError('unavailable', `node ${this.node} ${found} at ${this.#address}`, {
        cause,
        retryable: true,
      })
    }
    if (response.ok) return answer
    const { message } = answer as { message?: unknown }
    throw new DureError(
      'unavailable',
      `node ${this.node} refused ${method} ${path}: ${message ?? response.status}`,
    )
  }
}
