import { expect, test } from 'vitest'
import { AssertionError, assert, unreachable } from './assert.ts'
import { DureError } from './errors.ts'

test('an error is failed and final unless said otherwise', () => {
  expect(new DureError('invalid', 'no')).toMatchObject({
    code: 'invalid',
    outcome: 'failed',
    retryable: false,
  })
})

test('an error carries its cause and how long to wait', () => {
  const cause = new Error('disk')
  const error = new DureError('overloaded', 'slow down', {
    outcome: 'unknown',
    retryable: true,
    retryAfterMs: 50,
    cause,
  })
  expect(error).toMatchObject({
    outcome: 'unknown',
    retryable: true,
    retryAfterMs: 50,
    cause,
    name: 'DureError',
  })
})

test('a broken invariant says which', () => {
  expect(() => assert(false, 'the commit index is within the log')).toThrow(
    'invariant broken: the commit index is within the log',
  )
  expect(() => assert(true, 'fine')).not.toThrow()
  expect(() => unreachable('other' as never)).toThrow(AssertionError)
})
