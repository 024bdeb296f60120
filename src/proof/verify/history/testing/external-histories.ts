import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

export interface ExternalHistory {
  /** With its folder: `elle/bank.edn`. */
  readonly name: string
  readonly path: string
  readonly bytes: Uint8Array
}

/**
 * Histories that other projects recorded, which are not part of this repository: those of one folder under the folder
 * that `DURE_EXTERNAL_DATA` names, or `../shared/data` next to the repository, and in folders within. Undefined when
 * they are not there; in continuous integration that is an error.
 */
export function externalHistories(folder: string): readonly ExternalHistory[] | undefined {
  const root = join(dirname(fileURLToPath(import.meta.url)), '../../../../..')
  const histories = join(process.env.DURE_EXTERNAL_DATA ?? join(root, '../shared/data'), 'histories')
  const path = join(histories, folder)
  if (existsSync(path)) return filesOf(path, folder)
  if (process.env.CI)
    throw new Error(`histories are missing at ${path}: set DURE_EXTERNAL_DATA to their folder`)
  return undefined
}

function filesOf(path: string, name: string): readonly ExternalHistory[] {
  if (statSync(path).isDirectory())
    return readdirSync(path)
      .sort()
      .flatMap((entry) => filesOf(join(path, entry), name === '' ? entry : `${name}/${entry}`))
  return /\.(edn|json|log|txt)$/.test(path) ? [{ name, path, bytes: readFileSync(path) }] : []
}
