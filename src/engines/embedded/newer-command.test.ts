import { expect, test } from 'vitest'
import { sessionId } from '../../foundation/ids.ts'
import { SimulatedCluster } from '../../proof/simulation/simulated-cluster.ts'
import { Simulation } from '../../runtime/simulated/simulation.ts'
import { encodeCommand } from '../../wire/command/codec.ts'
import type { Response } from '../../wire/parcel/parcel.ts'

test('a node that finds a command of a newer version in its log stops, and stops again when it is started anew', () => {
  const world = new Simulation({ seed: 3 })
  const tableFaults = { delayMs: () => 3, flushError: () => undefined, chunkBytes: 100 }
  const cluster = new SimulatedCluster(world, { nodeCount: 1, raft: {}, storage: {}, tableFaults }, [])
  const stopped: Error[] = []
  world.onAbort((_, reason) => void stopped.push(reason))
  cluster.start()
  const simulated = cluster.nodes[0]!
  world.runUntil(() => simulated.node?.status.state === 'leader', { withinMs: 10_000 })

  // As a newer leader would have appended it: ours refuses to propose what it does not know, so it is changed after that.
  const command = encodeCommand({
    kind: 'commit',
    logTimeMs: 0,
    session: sessionId(0),
    sequence: 0,
    lowWater: 0,
    idempotencyKey: '',
    comparisons: [],
    operations: [],
  })
  const answers: Response[] = []
  simulated.node!.request({ kind: 'command', command }, 5_000, (response) => void answers.push(response))
  command[1] = 77
  world.runUntil(() => stopped.length === 1, { withinMs: 10_000 })
  const newer = {
    code: 'data-directory',
    message: expect.stringMatching(/written by a newer version of Dure .*the kind 77.*: update this node/),
  }
  expect(stopped).toMatchObject([newer])
  expect(answers).toEqual([])

  simulated.process.restart()
  world.runUntil(() => stopped.length === 2, { withinMs: 10_000 })
  expect(stopped).toMatchObject([newer, newer])
})
