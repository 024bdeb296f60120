/**
 * The load generator: a process of its own, so that neither the servers nor the harness take its event loop. Started by
 * `LoadGenerator`; takes orders over the channel to its parent and ends when that closes.
 */
import { unreachable } from '../../src/foundation/assert.ts'
import { connect } from '../contenders/connect.ts'
import type { ContenderClient } from '../contenders/contender.ts'
import { runClosedLoop } from './closed-loop.ts'
import type { Answer, Order } from './load.ts'

let client: ContenderClient | undefined

process.on('disconnect', () => process.exit(0))
process.on('message', (order: Order) => {
  obey(order).then(answer, (error: unknown) =>
    answer({
      kind: 'failed',
      message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    }),
  )
})

function answer(answer: Answer): void {
  process.send?.(answer)
}

async function obey(order: Order): Promise<Answer> {
  switch (order.kind) {
    case 'connect':
      await client?.close()
      client = await connect(order.target)
      return { kind: 'connected' }
    case 'run':
      if (client === undefined) throw new Error('a load was ordered before a connection')
      return { kind: 'finished', result: await runClosedLoop(client, order.load, order.serverPids) }
    default:
      return unreachable(order)
  }
}
