import type { Random } from '../../../runtime/random.ts'
import type { MessageNetwork } from '../network/message-network.ts'
import { LastWriteWinsStore } from './last-write-wins-store.ts'
import { LinearizableStore } from './linearizable-store.ts'
import { SequentialStore } from './sequential-store.ts'
import type { Service } from './service.ts'
import { TimestampOracle } from './timestamp-oracle.ts'

/** What every network offers, by the name to send to. */
export function attachServices(network: MessageNetwork, random: Random): void {
  const services: Readonly<Record<string, Service>> = {
    'lin-kv': new LinearizableStore(),
    'seq-kv': new SequentialStore(random),
    'lww-kv': new LastWriteWinsStore(random),
    'lin-tso': new TimestampOracle(),
  }
  for (const [name, service] of Object.entries(services)) {
    network.attach(name, 'service', ({ src, body }) => {
      const answer = service.handle(body, src)
      network.send({ src: name, dest: src, body: { ...answer, in_reply_to: body.msg_id } })
    })
  }
}
