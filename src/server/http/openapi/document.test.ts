import { readFileSync } from 'node:fs'
import { Validator } from '@seriousme/openapi-schema-validator'
import { expect, test } from 'vitest'
import { createApplication } from '../application.ts'
import type { Served } from '../environment.ts'
import { openApiDocument } from './document.ts'
import { methods, type Operation } from './openapi.ts'

const PACKAGE = new URL('../../../../package.json', import.meta.url)
const document = openApiDocument(JSON.parse(readFileSync(PACKAGE, 'utf8')).version)

const operations: readonly (readonly [string, Operation])[] = Object.entries(document.paths).flatMap(
  ([path, item]) =>
    methods.flatMap((method) => {
      const operation = item[method]
      return operation === undefined ? [] : [[`${method.toUpperCase()} ${path}`, operation] as const]
    }),
)

/** `npm test -- src/server/http/openapi -u` writes it anew; the change is reviewed like one of the code. */
test('it is the one in docs', async () => {
  const text = `${JSON.stringify(document, null, 2)}\n`
  await expect(text).toMatchFileSnapshot('../../../../docs/openapi.json')
})

test('it is a valid OpenAPI document', async () => {
  const { valid, errors } = await new Validator().validate(structuredClone(document) as never)
  expect(errors).toBeUndefined()
  expect(valid).toBe(true)
})

test('it has the routes that there are, and no others', () => {
  const { routes } = createApplication({ log: { debug() {} } } as unknown as Served)
  const served = routes
    .filter(({ method }) => method !== 'ALL')
    .map(
      ({ method, path }) =>
        `${method} ${path.replace('/v1/keys/*', '/v1/keys/{key}').replace(/:(\w+)/g, '{$1}')}`,
    )
  expect(operations.map(([name]) => name).sort()).toEqual([...new Set(served)].sort())
})

test('every operation has a name of its own, a sentence, and says how it may fail', () => {
  const names = operations.map(([, { operationId }]) => operationId)
  expect(new Set(names).size).toBe(names.length)
  for (const [name, { summary, responses, tags }] of operations) {
    expect(summary, name).toMatch(/\.$/)
    expect(Object.keys(responses), name).toContain('500')
    expect(document.tags.map((tag) => tag.name)).toEqual(expect.arrayContaining([...tags]))
  }
})

test('parameters of a path are in it, and those of an operation have different names', () => {
  for (const [path, item] of Object.entries(document.paths)) {
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
    expect((item.parameters ?? []).map(({ name }) => name)).toEqual(named)
  }
  for (const [name, { parameters = [] }] of operations) {
    const names = parameters.map((parameter) => `${parameter.in} ${parameter.name.toLowerCase()}`)
    expect(new Set(names).size, name).toBe(names.length)
  }
})
