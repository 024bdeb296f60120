import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ClientStore } from '../../../src/engines/client/client-store.ts'
import { shareDirectory } from '../../../src/engines/embedded/open-directory.ts'
import { cases } from '../../../src/ports/key-value/conformance/cases.ts'
import { runCases } from '../../../src/ports/key-value/conformance/run-cases.ts'
import { checkObservedHistory } from '../../../src/proof/conformance/check-observed-history.ts'
import { onFaultyDisk } from '../../../src/server/faults/faulty-disk.ts'
import { type Ground, realClock } from './ground.ts'

const STALL_MS = 2_000

export async function embeddedGround(): Promise<Ground> {
  const directory = await mkdtemp(join(tmpdir(), 'dure-conformance-'))
  const stall = { stallMs: 0 }
  const shared = await shareDirectory(directory, (runtime) => onFaultyDisk(runtime, stall, undefined))
  return {
    engine: 'embedded',
    guarantees: shared.open().guarantees,
    description: 'one process, in a directory of its own; its disk stands still for two seconds',
    run: (options) =>
      runCases(
        cases,
        {
          open: async () => shared.open(),
          prefix: 'conformance/',
          clock: realClock,
          abandon: async (store) => (store as ClientStore).abandon(),
          async disturb() {
            stall.stallMs = STALL_MS
            await realClock.sleep(STALL_MS)
            stall.stallMs = 0
            await realClock.sleep(STALL_MS)
          },
          checkHistory: checkObservedHistory,
        },
        options,
      ),
    async close() {
      await shared.close()
      await rm(directory, { recursive: true })
    },
  }
}
