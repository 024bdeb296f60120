import { DureError } from '../../foundation/errors.ts'

/** Makes the key of a record. */
export type KeyTemplate = (record: Readonly<Record<string, unknown>>) => string

/**
 * Keys from the fields of records: `{country}/{name}` takes `country` and `name`, what stands between is kept.
 *
 * ```ts
 * parseKeyTemplate('{country}/{name}')({ country: 'KR', name: 'Seoul' }) // 'KR/Seoul'
 * ```
 *
 * Braces themselves are doubled: `{{` and `}}`. Errors: `invalid` for a template without a field or with a brace that does not
 * close; and, for a record, for a field that is missing or neither text, number nor truth value.
 */
export function parseKeyTemplate(template: string): KeyTemplate {
  const refuse = (found: string): never => {
    throw new DureError(
      'invalid',
      `the key template ${JSON.stringify(template)} ${found}: write for example "{country}/{name}"`,
    )
  }
  const parts: ({ readonly text: string } | { readonly field: string })[] = []
  for (const [part] of template.matchAll(/\{\{|\}\}|\{[^{}]*\}|[^{}]+|[{}]/g)) {
    if (part === '{{' || part === '}}') parts.push({ text: part[0]! })
    else if (part === '{' || part === '}') refuse(`has a ${part} without its other half`)
    else if (part === '{}') refuse('has braces without a field')
    else if (part.startsWith('{')) parts.push({ field: part.slice(1, -1).trim() })
    else parts.push({ text: part })
  }
  if (!parts.some((part) => 'field' in part)) refuse('names no field: every record would have the same key')

  return (record) => {
    let key = ''
    for (const part of parts) key += 'text' in part ? part.text : fieldText(record, part.field)
    return key
  }
}

function fieldText(record: Readonly<Record<string, unknown>>, field: string): string {
  const value = Object.hasOwn(record, field) ? record[field] : undefined
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  const found =
    value === undefined
      ? `it has ${Object.keys(record).join(', ') || 'none'}`
      : `there it is ${JSON.stringify(value)}`
  throw new DureError(
    'invalid',
    `the key needs the field "${field}" as text or number, but of the record's fields ${found}`,
  )
}
