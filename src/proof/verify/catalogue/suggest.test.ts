import { expect, test } from 'vitest'
import { suggest } from './suggest.ts'

const known = ['register', 'cas-register', 'list-append', 'bank', 'set', 'set-full']

test.for([
  ['regsiter', 'register'],
  ['casregister', 'cas-register'],
  ['CAS-Register', 'cas-register'],
  ['list-apend', 'list-append'],
  ['bnak', 'bank'],
  ['list', 'list-append'],
] as const)('%s means %s', ([word, meant]) => {
  expect(suggest(word, known)).toBe(meant)
})

test.for(['', 'x', 'kafka', 'serializable'])('%j is near nothing', (word) => {
  expect(suggest(word, known)).toBeUndefined()
})
