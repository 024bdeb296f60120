import { expect, test } from 'vitest'
import { utf8 } from '../../../foundation/bytes.ts'
import { logIndex, term } from '../../../foundation/ids.ts'
import { versionFromNumber } from '../../../ports/key-value/version.ts'
import type { Runtime } from '../../../runtime/runtime.ts'
import { Simulation } from '../../../runtime/simulated/simulation.ts'
import type { Response } from '../../../wire/parcel/parcel.ts'
import { OpenRequests } from './open-requests.ts'
import { Proposals } from './proposals.ts'

test('a command whose caller was told that nothing happened is not proposed any more', () => {
  const world = new Simulation({ seed: 1 })
  let runtime: Runtime | undefined
  world.spawn('node', { promises: false }).start((own) => (runtime = own))
  world.run({ untilMs: 0 })
  const open = new OpenRequests(runtime!)
  const proposals = new Proposals(open)
  const answers: Response[] = []
  const gather = (name: string, timeoutMs: number): void =>
    proposals.gather(
      utf8(name),
      open.add((response) => answers.push(response), timeoutMs),
    )

  gather('late', 1)
  gather('in time', 10_000)
  world.run({ untilMs: 200 })
  expect(answers).toMatchObject([{ status: 'error', code: 'timeout', outcome: 'failed' }])
  expect(proposals.takeGathered(1)).toEqual([utf8('in time')])

  proposals.appended(1, logIndex(7), term(1))
  const result = { kind: 'committed', version: versionFromNumber(7), existed: [] } as const
  proposals.applied(logIndex(7), term(1), result)
  expect(answers[1]).toEqual({ status: 'command', result })
})
