import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ClientStore } from '../../../src/engines/client/client-store.ts'
import { shareDirectory } from '../../../src/engines/embedded/open-directory.ts'
import { cases } from '../../../src/ports/key-value/conformance/cases.ts'
import { runCases } from '../../../src/ports/key-value/conformance/run-cases.ts'
import { checkObservedHistory } from '../../../src/proof/conformance/check-observed-history.ts'
import { type Ground, realClock } from './ground.ts'

export async function embeddedGround(): Promise<Ground> {
  const directory = await mkdtemp(join(tmpdir(), 'dure-conformance-'))
  const shared = await shareDirectory(directory)
  return {
    engine: 'embedded',
    guarantees: shared.open().guarantees,
    description: 'one process, in a directory of its own',
    run: (options) =>
      runCases(
        cases,
        {
          open: async () => shared.open(),
          prefix: 'conformance/',
          clock: realClock,
          abandon: async (store) => (store as ClientStore).abandon(),
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
