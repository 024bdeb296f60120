import { expect, test } from 'vitest'
import { addressList, wholeNumber } from './arguments.ts'

test('whole numbers within their bounds, and nothing that only looks like one', () => {
  expect(wholeNumber(1, 99)('42')).toBe(42)
  for (const text of ['0', '100', '1.5', '1e1', '-1', '', ' 1', '0x1']) {
    expect(() => wholeNumber(1, 99)(text)).toThrow('Use a whole number from 1 to 99.')
  }
})

test('addresses are host:port', () => {
  expect(addressList('127.0.0.1:7001, db.example:7002,[::1]:7003')).toEqual([
    '127.0.0.1:7001',
    'db.example:7002',
    '[::1]:7003',
  ])
  for (const text of ['', 'host', 'host:', 'host:0', 'host:65536', '::1:7001', 'a:1,,b:2', 'ht tp:80']) {
    expect(() => addressList(text)).toThrow('is no address')
  }
})
