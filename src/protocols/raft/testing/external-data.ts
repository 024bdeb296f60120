import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

/**
 * The golden files of etcd-io/raft (Apache-2.0), which are not part of this repository: under the folder that
 * `DURE_EXTERNAL_DATA` names, or `../shared/data` next to the repository. Undefined when they are not there; in
 * continuous integration that is an error.
 */
export function goldenFiles(
  folder: string,
): readonly { readonly name: string; readonly content: string }[] | undefined {
  const root = join(dirname(fileURLToPath(import.meta.url)), '../../../..')
  const path = join(process.env.DURE_EXTERNAL_DATA ?? join(root, '../shared/data'), 'raft', folder)
  if (!existsSync(path)) {
    if (process.env.CI)
      throw new Error(`golden files are missing at ${path}: set DURE_EXTERNAL_DATA to their folder`)
    return undefined
  }
  return readdirSync(path)
    .filter((name) => name.endsWith('.txt'))
    .sort()
    .map((name) => ({ name, content: readFileSync(join(path, name), 'utf8') }))
}
