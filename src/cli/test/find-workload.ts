import { DureError } from '../../foundation/errors.ts'
import { suggest } from '../../proof/verify/catalogue/suggest.ts'
import { workloads } from '../../proof/workloads/catalogue.ts'
import type { Workload } from '../../proof/workloads/workload.ts'
import { wrap } from '../output/wrap.ts'

const COLUMNS = 80

/** Errors: `invalid`, with the name that was probably meant and all that there are. */
export function findWorkload(name: string): Workload {
  const found = workloads.find((workload) => workload.name === name)
  if (found !== undefined) return found
  const names = workloads.map((workload) => workload.name)
  const meant = suggest(name, names)
  const hint = meant === undefined ? '' : ` Did you mean ${meant}?`
  throw new DureError(
    'invalid',
    `there is no workload ${JSON.stringify(name)}.${hint} There are ${names.join(', ')}, and all.`,
  )
}

/** `all`, or names between commas. */
export function findWorkloads(names: string): readonly Workload[] {
  if (names === 'all') return workloads
  return names.split(',').map((name) => findWorkload(name.trim()))
}

/** Each with what it does. */
export function listWorkloads(): string {
  const width = Math.max(...workloads.map(({ name }) => name.length))
  return workloads
    .flatMap(({ name, description }) =>
      wrap(description, COLUMNS - width - 4).map(
        (line, i) => `  ${(i === 0 ? name : '').padEnd(width)}  ${line}`,
      ),
    )
    .join('\n')
}
