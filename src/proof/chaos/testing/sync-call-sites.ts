import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Every place of `src/storage` that asks the disk for a sync, as `storage/log/recovery.ts:255`. LMDB does its own I/O and
 * has none.
 */
export function syncCallSites(source: string): string[] {
  const files = readdirSync(join(source, 'storage'), { recursive: true, encoding: 'utf8' })
    .map((path) => `storage/${path.replaceAll('\\', '/')}`)
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts') && !path.includes('/testing/'))
  return files.flatMap((path) =>
    readFileSync(join(source, path), 'utf8')
      .split('\n')
      .flatMap((line, i) =>
        [...line.matchAll(/\.(?:sync|writeSynced|syncDirectory)\(/g)].map(() => `${path}:${i + 1}`),
      ),
  )
}
