/**
 * A text that two values share exactly when they hold the same: arrays by place, plain objects, Maps and Sets by content
 * in any order. Instances of classes count by their own fields and their class's name.
 */
export function structuralKey(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'number':
      return String(value)
    case 'bigint':
      return `${value}n`
    case 'boolean':
    case 'undefined':
      return String(value)
    case 'symbol':
    case 'function':
      throw new TypeError(
        `found a ${typeof value} in a state, input or output of a model: they are told apart by what they hold, so use data`,
      )
    default:
      return value === null ? 'null' : objectKey(value as object)
  }
}

function objectKey(value: object): string {
  if (Array.isArray(value)) return `[${value.map(structuralKey).join(',')}]`
  if (value instanceof Set) return `#{${Array.from(value, structuralKey).sort().join(',')}}`
  if (value instanceof Map)
    return `<${Array.from(value, ([key, of]) => `${structuralKey(key)}:${structuralKey(of)}`)
      .sort()
      .join(',')}>`
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}[${value}]`
  const prototype: object | null = Object.getPrototypeOf(value)
  const name = prototype === null || prototype === Object.prototype ? '' : prototype.constructor.name
  return `${name}{${fieldsKey(value as Record<string, unknown>)}}`
}

/** In the order of their names. Most objects of one kind are made by one piece of code, and many in that order. */
function fieldsKey(value: Record<string, unknown>): string {
  let text = ''
  let last = ''
  for (const field of Object.keys(value)) {
    if (field < last) return sortedFieldsKey(value)
    last = field
    const of = value[field]
    if (of !== undefined) text += `${text === '' ? '' : ','}${fieldName(field)}:${structuralKey(of)}`
  }
  return text
}

function sortedFieldsKey(value: Record<string, unknown>): string {
  return Object.keys(value)
    .sort()
    .filter((field) => value[field] !== undefined)
    .map((field) => `${fieldName(field)}:${structuralKey(value[field])}`)
    .join(',')
}

/** Most names need no quoting, and those of one model are few. */
const fieldName = (field: string): string => (PLAIN_NAME.test(field) ? `"${field}"` : JSON.stringify(field))

const PLAIN_NAME = /^\w+$/
