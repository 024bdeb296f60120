import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cases } from '../../src/ports/key-value/conformance/cases.ts'
import type { CaseResult } from '../../src/ports/key-value/conformance/run-cases.ts'
import { embeddedGround } from './grounds/embedded-ground.ts'
import type { Ground } from './grounds/ground.ts'
import { referenceGround } from './grounds/reference-ground.ts'
import { remoteGround } from './grounds/remote-ground.ts'
import { simulatedGround } from './grounds/simulated-ground.ts'

/** etcd has its own, in `test/engines`: more servers and layouts than one. */
const grounds: readonly [name: string, open: () => Promise<Ground>][] = [
  ['the reference model', referenceGround],
  ['the remote engine on a simulated cluster', simulatedGround],
  ['the embedded engine in a directory', embeddedGround],
  ['the remote engine on three processes', remoteGround],
]

describe.each(grounds)('%s', (_, open) => {
  let ground: Ground | undefined
  const results = new Map<string, CaseResult>()
  // All at once: what waits for time to pass waits together.
  beforeAll(async () => {
    ground = await open()
    for (const result of await ground.run()) results.set(result.name, result)
  }, 180_000)
  afterAll(() => ground?.close())

  it.each(cases.map(({ name }) => name))('%s', (name) => {
    const { verdict, reason } = results.get(name)!
    expect({ verdict, reason }).toEqual({ verdict: 'ok', reason: undefined })
  })
})
