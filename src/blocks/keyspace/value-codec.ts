import { text, utf8 } from '../../foundation/bytes.ts'
import { DureError } from '../../foundation/errors.ts'

/** How a keyspace's values become bytes and come back. */
export interface ValueCodec<Value> {
  encode(value: Value): Uint8Array | Promise<Uint8Array>
  decode(bytes: Uint8Array): Value
}

/** Bytes as they are. */
export const bytesCodec: ValueCodec<Uint8Array> = { encode: (value) => value, decode: (bytes) => bytes }

/**
 * JSON, checked on the way in when a schema is given: any library of the Standard Schema family (zod, valibot,
 * arktype …).
 *
 * ```ts
 * const accounts = dure.keyspace('accounts', { codec: jsonCodec(z.object({ balance: z.number() })) })
 * ```
 *
 * Throws `invalid` for a value that JSON has no form for, or that the schema refuses.
 */
export function jsonCodec<Value = unknown>(schema?: StandardSchema<Value>): ValueCodec<Value> {
  return {
    encode: async (value) => {
      const checked = schema === undefined ? value : await validate(schema, value)
      const json = JSON.stringify(checked)
      if (json === undefined) {
        throw new DureError(
          'invalid',
          `asked to store ${typeof value}, which JSON has no form for: store an object, a list, a string, a number, a boolean or null`,
        )
      }
      return utf8(json)
    },
    decode: (bytes) => JSON.parse(text(bytes)) as Value,
  }
}

/** The part of Standard Schema (version 1) that is needed here. */
export interface StandardSchema<Output> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined
  }
}

type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | {
      readonly issues: readonly { readonly message: string; readonly path?: readonly unknown[] | undefined }[]
    }

async function validate<Value>(schema: StandardSchema<Value>, value: unknown): Promise<Value> {
  const result = await schema['~standard'].validate(value)
  if (result.issues === undefined) return result.value
  const reasons = result.issues.map(({ path, message }) =>
    path?.length ? `${path.map(pathPart).join('.')}: ${message}` : message,
  )
  throw new DureError('invalid', `asked to store a value that its schema refuses: ${reasons.join('; ')}`)
}

const pathPart = (part: unknown): string =>
  typeof part === 'object' && part !== null && 'key' in part ? String(part.key) : String(part)
