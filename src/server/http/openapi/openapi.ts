/** As much of OpenAPI 3.1 as our document needs. Whether it is valid is checked by a validator, in a test. */

export interface Document {
  readonly openapi: '3.1.0'
  readonly info: {
    readonly title: string
    readonly version: string
    readonly summary: string
    readonly description: string
    readonly license: { readonly name: string; readonly identifier: string }
  }
  readonly servers: readonly { readonly url: string; readonly description: string }[]
  readonly tags: readonly { readonly name: string; readonly description: string }[]
  readonly paths: Paths
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

export const methods = ['get', 'put', 'post', 'delete'] as const
export type Method = (typeof methods)[number]

export type Paths = Readonly<Record<string, PathItem>>

export type PathItem = { readonly [Name in Method]?: Operation } & {
  /** Of all its operations. */
  readonly parameters?: readonly Parameter[]
}

export interface Operation {
  readonly tags: readonly string[]
  readonly operationId: string
  readonly summary: string
  readonly description?: string
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: {
    readonly required?: boolean
    readonly description?: string
    readonly content: Content
  }
  readonly responses: Responses
}

export interface Parameter {
  readonly name: string
  readonly in: 'query' | 'header' | 'path'
  readonly required: boolean
  readonly description?: string
  readonly schema: Schema
}

export type Responses = Readonly<Record<string, Answer>>

export interface Answer {
  readonly description: string
  readonly headers?: Readonly<Record<string, Header>>
  readonly content?: Content
}

export interface Header {
  readonly description: string
  readonly schema: Schema
}

export type Content = Readonly<Record<string, { readonly schema?: Schema }>>

/** JSON Schema 2020-12. */
export type Schema = Readonly<Record<string, unknown>>
