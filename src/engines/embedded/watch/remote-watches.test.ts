import { expect, test } from 'vitest'
import { utf8 } from '../../../foundation/bytes.ts'
import { groupId, logIndex } from '../../../foundation/ids.ts'
import { endpoint } from '../../../runtime/network.ts'
import { Simulation } from '../../../runtime/simulated/simulation.ts'
import type { Response } from '../../../wire/parcel/parcel.ts'
import type { Router } from '../router.ts'
import { CONNECTION_WATCHES_MAX, RemoteWatches } from './remote-watches.ts'
import { WatchHub } from './watch-hub.ts'

test('one connection gets so many watches and no more, and leaves room for those of others', () => {
  const world = new Simulation({ seed: 1 })
  world.spawn('node', { promises: false }).start((runtime) => {
    const refused: { readonly to: number; readonly response: Response }[] = []
    const router: Pick<Router, 'respond' | 'changes'> = {
      respond: (to, _id, response) => refused.push({ to, response }),
      changes: () => {},
    }
    const hub = new WatchHub({
      runtime,
      feed: () => ({ compactedIndex: logIndex(0), after: () => [] }),
      history: 7,
      appliedIndex: () => logIndex(0),
      hasLeader: () => true,
      findEnd: () => {},
      wake: () => {},
    })
    const watches = new RemoteWatches(runtime, router as Router)
    const after = { history: 7, index: logIndex(1), ordinal: 0 }
    const request = { kind: 'watch', from: utf8('a'), to: undefined, after, windowBytes: 1 } as const
    const [greedy, other] = [endpoint(1 << 20), endpoint(2 << 20)]
    for (let id = 1; id <= CONNECTION_WATCHES_MAX + 1; id++) watches.open(greedy, id, hub, request)
    expect(refused).toMatchObject([{ to: greedy, response: { code: 'overloaded', retryable: true } }])
    expect(hub.figures.watchers).toBe(CONNECTION_WATCHES_MAX)
    watches.open(other, 1, hub, request)
    watches.allow(greedy, { type: 'watch', group: groupId(1), id: 1, allowedBytes: 0 })
    watches.open(greedy, 1 << 20, hub, request)
    expect(refused).toHaveLength(1)
    expect(hub.figures.watchers).toBe(CONNECTION_WATCHES_MAX + 1)
    hub.close()
  })
  world.run({ untilMs: 1 })
  expect.assertions(4)
})
