import { workloadNamed, workloads } from '../../proof/workloads/catalogue.ts'
import type { Workload } from '../../proof/workloads/workload.ts'
import { wrap } from '../output/wrap.ts'

const COLUMNS = 80

/** `all`, or names between commas. */
export function findWorkloads(names: string): readonly Workload[] {
  if (names === 'all') return workloads
  return names.split(',').map((name) => workloadNamed(name.trim()))
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
