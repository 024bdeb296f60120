import { unreachable } from '../../../../foundation/assert.ts'
import type { KeyValueInput, KeyValueOutput } from '../key-value-model.ts'

/** `put a = 1 if version 7` */
export function describeInput(input: KeyValueInput): string {
  const condition = (version: number | undefined) => (version === undefined ? '' : ` if version ${version}`)
  switch (input.kind) {
    case 'get':
      return `get ${input.key}`
    case 'put':
      return `put ${input.key} = ${input.value}${condition(input.ifVersion)}`
    case 'delete':
      return `delete ${input.key}${condition(input.ifVersion)}`
    case 'commit': {
      const operations = input.operations.map(({ key, value }) =>
        value === undefined ? `delete ${key}` : `${key} = ${value}`,
      )
      const comparisons = input.comparisons.map(({ key, version }) => `${key} has version ${version}`)
      return `commit ${operations.join(', ')}${comparisons.length === 0 ? '' : ` if ${comparisons.join(' and ')}`}`
    }
    default:
      return unreachable(input)
  }
}

/** `version 8` */
export function describeOutput(output: KeyValueOutput): string {
  switch (output.kind) {
    case 'value': {
      const version = output.version === undefined ? '' : ` (version ${output.version})`
      return output.value === undefined ? 'absent' : `${output.value}${version}`
    }
    case 'written': {
      const existed = output.existed === undefined ? '' : `, existed before: ${output.existed.join(' ')}`
      return `${output.version === undefined ? 'done' : `version ${output.version}`}${existed}`
    }
    case 'comparison-failed':
      return output.found === undefined
        ? 'comparison failed'
        : `comparison failed, found ${output.found.join(' ')}`
    default:
      return unreachable(output)
  }
}
