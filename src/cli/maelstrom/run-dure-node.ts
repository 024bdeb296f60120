import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { DureNode } from '../../proof/maelstrom/node/dure-node.ts'
import { createNodeRuntime } from '../../runtime/node/node-runtime.ts'
import { openLmdbTables } from '../../storage/table/lmdb/lmdb-table-store.ts'
import { tcpFraming } from '../../wire/frame/tcp-framing.ts'

export interface DureNodeStreams {
  readonly stdin: Readable
  readonly stdout: Writable
  /** Where it keeps its data; a directory of its own that goes when it ends, unless said. */
  readonly directory: string | undefined
}

/** Messages to peers beyond this are dropped, as a network would. */
const QUEUE_BYTES_MAX = 32 << 20

/** Serves until its input ends. */
export async function runDureNode({ stdin, stdout, directory }: DureNodeStreams): Promise<void> {
  const own = directory ?? mkdtempSync(join(tmpdir(), 'dure-maelstrom-'))
  mkdirSync(own, { recursive: true })
  const runtime = await createNodeRuntime({
    directory: own,
    network: { framing: tcpFraming, clusterId: 'maelstrom', nodeId: 0 },
  })
  try {
    await new Promise<void>((resolve, reject) => {
      const node = new DureNode({
        runtime,
        openTables: (done) =>
          openLmdbTables({ directory: join(own, 'tables'), abort: (reason) => runtime.abort(reason) }, done),
        write(line) {
          if (stdout.writableLength > QUEUE_BYTES_MAX) return false
          stdout.write(`${line}\n`)
          return true
        },
        onFailure: reject,
      })
      const lines = createInterface({ input: stdin })
      lines.on('line', (line) => node.receive(line))
      lines.on('close', () => node.close(resolve))
    })
  } finally {
    await runtime.close()
    if (directory === undefined) rmSync(own, { recursive: true, force: true })
  }
}
