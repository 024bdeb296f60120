import { readFileSync, writeFileSync } from 'node:fs'
import { type Run, withRuns } from './runs-table.ts'

/**
 * Writes the table of runs in `docs/proof.md` anew, from what `dure test --json` printed.
 *
 * ```
 * dure test --workload all --time-limit 300 --json > runs.jsonl
 * node test/proof/write-runs.ts runs.jsonl
 * ```
 */
const PAGE = new URL('../../docs/proof.md', import.meta.url)
const files = process.argv.slice(2)
if (files.length === 0) throw new Error('name the files that dure test --json printed')
const runs = files.flatMap((file) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Run),
)
writeFileSync(PAGE, withRuns(readFileSync(PAGE, 'utf8'), runs))
