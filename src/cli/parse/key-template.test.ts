import { expect, test } from 'vitest'
import { parseKeyTemplate } from './key-template.ts'

test('fields are filled in, the rest is kept', () => {
  const key = parseKeyTemplate('{country}/{name}/{lat},{lng}')
  expect(key({ country: 'KR', name: 'Seoul', lat: '37.566', lng: 126.9784 })).toBe('KR/Seoul/37.566,126.9784')
})

test('doubled braces are braces; spaces around a field mean nothing', () => {
  expect(parseKeyTemplate('{{{ id }}}')({ id: 7 })).toBe('{7}')
})

test('an empty text is a value, an inherited property is not', () => {
  expect(parseKeyTemplate('a{b}')({ b: '' })).toBe('a')
  expect(() => parseKeyTemplate('{toString}')({ b: 1 })).toThrow('the key needs the field "toString"')
})

test.for([
  ['plain', 'names no field'],
  ['', 'names no field'],
  ['{a', 'without its other half'],
  ['a}', 'without its other half'],
  ['{}', 'braces without a field'],
] as const)('the template %j %s', ([template, reason]) => {
  expect(() => parseKeyTemplate(template)).toThrow(reason)
})

test('a record without the field says which it has', () => {
  expect(() => parseKeyTemplate('{id}')({ name: 'Seoul', lat: 1 })).toThrow(
    "of the record's fields it has name, lat",
  )
  expect(() => parseKeyTemplate('{id}')({ id: null })).toThrow('there it is null')
})
