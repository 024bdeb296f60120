import fc from 'fast-check'
import type { Operation, Parameter, PathItem, Schema } from '../../src/server/http/openapi/openapi.ts'

/** A request as the document lets one be put together, or as it does not. */
export interface GeneratedRequest {
  readonly method: string
  /** With its query, percent-encoded. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
  /** Every value fits its schema, nothing is there that the document does not know. */
  readonly isValid: boolean
}

interface Value {
  readonly text: string
  readonly isValid: boolean
}

const CHARACTERS_MAX = 200

/** Values that a parameter of this name has had in earlier answers; looked at when a request is made. */
export type Known = (parameter: string) => readonly string[]

/** Requests of one operation: about half of them with something wrong. */
export function requestsOf(
  method: string,
  path: string,
  item: PathItem,
  operation: Operation,
  known: Known,
): fc.Arbitrary<GeneratedRequest> {
  const parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])]
  const values = fc.record(
    Object.fromEntries(parameters.map((parameter) => [nameOf(parameter), valueFor(parameter, known)])),
  )
  const unknown = rarely(fc.constantFrom('x', 'limits', 'Keyspace'), 8)
  return fc.tuple(values, unknown, bodyOf(operation)).map(([given, stranger, body]) => {
    let filled = path
    const query = new URLSearchParams()
    const headers: Record<string, string> = { ...body.headers }
    let isValid = body.isValid
    for (const parameter of parameters) {
      const value = given[nameOf(parameter)] ?? undefined
      if (value === undefined) continue
      if (!value.isValid) isValid = false
      if (parameter.in === 'path')
        filled = filled.replace(`{${parameter.name}}`, encodeURIComponent(value.text))
      else if (parameter.in === 'query') query.set(parameter.name, value.text)
      else headers[parameter.name.toLowerCase()] = value.text
    }
    if (stranger !== null && parameters.some((parameter) => parameter.in === 'query')) {
      query.set(stranger, '1')
      isValid = false
    }
    const search = query.size > 0 ? `?${query}` : ''
    return { method: method.toUpperCase(), path: filled + search, headers, body: body.text, isValid }
  })
}

const nameOf = (parameter: Parameter): string => `${parameter.in} ${parameter.name}`

/** Once in so many. */
const rarely = <Item>(item: fc.Arbitrary<Item>, onceIn: number): fc.Arbitrary<Item | null> =>
  fc.oneof({ weight: onceIn - 1, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: item })

/** Absent more often than not, unless it is part of the path. */
function valueFor(parameter: Parameter, known: Known): fc.Arbitrary<Value | null> {
  const { schema } = parameter
  const fits = textOf(schema)
  const wrong = textThatDoesNotFit(schema)
  const usable = (text: string): boolean =>
    parameter.in === 'header'
      ? // What HTTP itself lets through unchanged.
        /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(text)
      : // A path with an empty or a dotted part is another path.
        parameter.in === 'path'
        ? !['', '.', '..'].includes(text) && text.isWellFormed()
        : text.isWellFormed()
  const valid = fc.tuple(fits.filter(usable), fc.nat()).map(([text, dice]) => ({
    text: oneOf('const' in parameter.schema ? [] : known(parameter.name), dice) ?? text,
    isValid: true,
  }))
  const invalid = wrong?.filter(usable).map((text) => ({ text, isValid: false }))
  const any =
    invalid === undefined
      ? valid
      : fc.oneof({ weight: 6, arbitrary: valid }, { weight: 1, arbitrary: invalid })
  return parameter.in === 'path' ? any : rarely(any, 3)
}

/** Half of the time one of these, if there are any. */
const oneOf = (values: readonly string[], dice: number): string | undefined =>
  dice % 2 === 0 ? values[(dice >>> 1) % values.length] : undefined

/** Text that fits the schema of a parameter. */
function textOf(schema: Schema): fc.Arbitrary<string> {
  if (schema.const !== undefined) return fc.constant(String(schema.const))
  if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum.map(String))
  if (schema.type === 'integer') return integerOf(schema).map(String)
  if (typeof schema.pattern === 'string') return fc.stringMatching(new RegExp(schema.pattern))
  return fc.string({
    unit: 'grapheme',
    minLength: Number(schema.minLength ?? 0),
    maxLength: Number(schema.maxLength ?? CHARACTERS_MAX),
  })
}

/** Undefined when any text fits. */
function textThatDoesNotFit(schema: Schema): fc.Arbitrary<string> | undefined {
  const text = fc.string({ maxLength: 20 })
  if (schema.const !== undefined) return text.filter((one) => one.trim() !== String(schema.const))
  if (Array.isArray(schema.enum)) {
    const names = schema.enum.map(String)
    return text.filter((one) => !names.includes(one))
  }
  if (schema.type === 'integer') {
    const { minimum, maximum } = boundsOf(schema)
    return fc.oneof(
      text.filter((one) => !/^\d+$/.test(one)),
      fc.constantFrom(String(minimum - 1), String(maximum + 1), '1e3', '0x10', '1.5', '-1', ' 7'),
    )
  }
  if (typeof schema.pattern === 'string') {
    const pattern = new RegExp(schema.pattern)
    return text.filter((one) => !pattern.test(one.trim()))
  }
  const { maxLength } = schema
  if (maxLength === undefined) return undefined
  return fc.string({ minLength: Number(maxLength) + 1, maxLength: Number(maxLength) + 50 })
}

const boundsOf = (schema: Schema): { minimum: number; maximum: number } => ({
  minimum: Number(schema.minimum ?? 0),
  maximum: Number(schema.maximum ?? Number.MAX_SAFE_INTEGER),
})

function integerOf(schema: Schema): fc.Arbitrary<number> {
  const { minimum, maximum } = boundsOf(schema)
  return fc.oneof(
    fc.integer({ min: minimum, max: Math.min(maximum, minimum + 2_000) }),
    fc.constantFrom(minimum, maximum),
  )
}

interface Body {
  readonly text: string | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly isValid: boolean
}

function bodyOf({ requestBody }: Operation): fc.Arbitrary<Body> {
  if (requestBody === undefined) return fc.constant({ text: undefined, headers: {}, isValid: true })
  const schema = requestBody.content['application/json']?.schema
  if (schema === undefined) {
    const types = Object.keys(requestBody.content)
    return fc
      .tuple(fc.string({ unit: 'grapheme' }), fc.constantFrom(...types))
      .map(([text, type]) => ({ text, headers: { 'content-type': type }, isValid: true }))
  }
  const headers = { 'content-type': 'application/json' }
  const valid = jsonOf(schema).map((value) => ({ text: JSON.stringify(value), headers, isValid: true }))
  const wrong = fc
    .oneof(
      // Not a shape that fits by accident: an object with names of its own.
      fc.jsonValue().filter((value) => typeof value !== 'object' || value === null || Array.isArray(value)),
      jsonOf(schema).map((value) => ({ ...(value as object), unexpected: true })),
    )
    .map((value) => ({ text: JSON.stringify(value), headers, isValid: false }))
  const broken = fc
    .constantFrom('', '{', '{"a":', '\u0000', 'undefined', '[1,2')
    .map((text) => ({ text, headers, isValid: false }))
  return fc.oneof(
    { weight: 5, arbitrary: valid },
    { weight: 2, arbitrary: wrong },
    { weight: 1, arbitrary: broken },
  )
}

/** As much of JSON Schema as our bodies use. */
function jsonOf(schema: Schema): fc.Arbitrary<unknown> {
  switch (schema.type) {
    case 'object': {
      const properties = schema.properties as Readonly<Record<string, Schema>>
      const shape = Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, jsonOf(one)]))
      return fc.record(shape, { requiredKeys: [...((schema.required ?? []) as string[])] })
    }
    case 'array':
      return fc.array(jsonOf(schema.items as Schema), { maxLength: 5 })
    case 'integer':
      return integerOf(schema)
    case 'number':
      return fc.double({ min: Number(schema.minimum), max: Number(schema.maximum), noNaN: true })
    case 'string':
      return textOf(schema)
    default:
      throw new Error(`a body of type ${String(schema.type)} is not generated yet: teach it to jsonOf`)
  }
}
