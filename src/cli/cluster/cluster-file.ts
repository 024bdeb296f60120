import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { DureError } from '../../foundation/errors.ts'
import { UNFINISHED_RESTORE, unfinishedRestore } from '../../storage/identity/unfinished-restore.ts'
import { NODE_NUMBER_MAX, NODES_MAX } from './layout.ts'

/** What a local cluster's directory says of it: who it is, and where its nodes listened last. */
export interface ClusterFile {
  readonly format: 1
  readonly clusterId: string
  /** How many it began with. */
  readonly nodes: number
  /** Who belongs to it now; 1 to `nodes` while nobody came or went. */
  readonly members?: readonly number[] | undefined
  readonly basePort: number
  readonly peerBasePort: number
  /** Nodes that were set up once: an empty directory of theirs is a loss, not a beginning. */
  readonly initialized: readonly number[]
}

/** Never given twice: nodes, clients and cursors of another cluster are told from those of this one. */
export const newClusterId = (): string => `local-${randomBytes(4).toString('hex')}`

const NAME = 'cluster.json'

const schema = z.object({
  format: z.literal(1),
  clusterId: z.string().min(1).max(64),
  nodes: z.int().min(1).max(NODES_MAX),
  members: z.array(z.int().min(1).max(NODE_NUMBER_MAX)).min(1).optional(),
  basePort: z.int().min(1).max(65_535),
  peerBasePort: z.int().min(1).max(65_535),
  initialized: z.array(z.int().min(1).max(NODE_NUMBER_MAX)),
})

/** Undefined when there is no cluster in the directory yet. Errors: `data-directory` when the file is of another kind. */
export function readClusterFile(directory: string): ClusterFile | undefined {
  const path = join(directory, NAME)
  let text: string
  if (existsSync(join(directory, UNFINISHED_RESTORE))) {
    throw new DureError('data-directory', unfinishedRestore(directory))
  }
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new DureError('data-directory', `${path} cannot be read: ${(error as Error).message}`, {
      cause: error,
    })
  }
  try {
    return schema.parse(JSON.parse(text))
  } catch (cause) {
    const advice = 'it is damaged or of a newer version of Dure: choose another --directory'
    throw new DureError(
      'data-directory',
      `${path} does not describe a cluster that this version knows: ${advice}`,
      { cause },
    )
  }
}

export function writeClusterFile(directory: string, file: ClusterFile): void {
  const path = join(directory, NAME)
  try {
    mkdirSync(directory, { recursive: true })
    // Whoever reads sees the old file or the new one, whole.
    writeFileSync(`${path}.new`, `${JSON.stringify(file, null, 2)}\n`)
    renameSync(`${path}.new`, path)
  } catch (cause) {
    const problem = (cause as Error).message
    throw new DureError(
      'data-directory',
      `${path} cannot be written (${problem}): choose a --directory that is yours`,
      { cause },
    )
  }
}
