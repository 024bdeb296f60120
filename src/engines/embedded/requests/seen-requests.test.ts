import { expect, test } from 'vitest'
import { endpoint } from '../../../runtime/network.ts'
import { SeenRequests } from './seen-requests.ts'

const [one, other] = [endpoint(70_001), endpoint(70_002)]

test('a request is new once; a copy is told, also behind later ones', () => {
  const seen = new SeenRequests()
  expect([seen.isNew(one, 1), seen.isNew(one, 2), seen.isNew(one, 3)]).toEqual([true, true, true])
  expect([seen.isNew(one, 1), seen.isNew(one, 3), seen.isNew(one, 4)]).toEqual([false, false, true])
})

test('ids are of one sender alone', () => {
  const seen = new SeenRequests()
  expect([seen.isNew(one, 1), seen.isNew(other, 1)]).toEqual([true, true])
  seen.forget(one)
  expect([seen.isNew(one, 1), seen.isNew(other, 1)]).toEqual([true, false])
})
