/**
 * The load generator: a process of its own, so that neither the servers nor the harness take its event loop. Started by
 * `LoadGenerator`; takes orders over the channel to its parent and ends when that closes.
 */
import { unreachable } from '../../src/foundation/assert.ts'
import { connect } from '../contenders/connect.ts'
import type { ContenderClient, LeaseHandle } from '../contenders/contender.ts'
import { runClosedLoop } from './closed-loop.ts'
import { FanOut } from './fan-out.ts'
import { grantLeases, keepAlive } from './keep-alives.ts'
import type { Answer, Order } from './load.ts'

let client: ContenderClient | undefined
let fanOut: FanOut | undefined
let leases: readonly LeaseHandle[] = []

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
      return { kind: 'finished', result: await runClosedLoop(connected(), order.load, order.serverPids) }
    case 'watch':
      fanOut = await FanOut.start(connected(), order.watchers)
      return { kind: 'prepared' }
    case 'fan-out':
      if (fanOut === undefined) throw new Error('a load was ordered before its watchers')
      return { kind: 'measured', result: await fanOut.run(order.load, order.serverPids) }
    case 'grant-leases':
      leases = await grantLeases(connected(), order.leases)
      return { kind: 'prepared' }
    case 'keep-alive':
      return {
        kind: 'measured',
        result: await keepAlive(connected(), leases, order.load, order.serverPids),
      }
    default:
      return unreachable(order)
  }
}

function connected(): ContenderClient {
  if (client === undefined) throw new Error('a load was ordered before a connection')
  return client
}
