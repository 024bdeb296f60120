import { describe, expect, test } from 'vitest'
import { nameCheck } from '../../proof/verify/catalogue/named-check.ts'
import type { HistoryEvent } from '../../proof/verify/history/event.ts'
import type { RecordedHistory } from '../../proof/verify/history/recorded-history.ts'
import { checkLinearizableOnThreads } from './check-parts.ts'

const KEYS = 40
const WRITES = 60

/** Registers that are written and read in turn; the last read under `wrongKey` finds what was there before. */
function registers(wrongKey?: number): RecordedHistory {
  const events: HistoryEvent[] = []
  const call = (key: number, f: string, value: number | null, answer: number | null): void => {
    events.push({ index: events.length, process: key, type: 'invoke', f, value, key })
    events.push({ index: events.length, process: key, type: 'ok', f, value: answer, key })
  }
  for (let value = 1; value <= WRITES; value++) {
    for (let key = 0; key < KEYS; key++) {
      call(key, 'write', value, value)
      call(key, 'read', null, key === wrongKey && value === WRITES ? value - 1 : value)
    }
  }
  return { origin: 'dure', events }
}

const check = nameCheck({ model: 'register' }, { origin: 'dure' })
const limits = () => ({ memoryBytes: 64 << 20, deadlineMs: Date.now() + 30_000 })

describe.for([1_000, 0])('parts, %i ms alone and then on two threads', (aloneMs) => {
  const options = { threads: 2, aloneMs }

  test('all of them valid', async () => {
    expect(await checkLinearizableOnThreads(registers(), check, limits(), options)).toMatchObject({
      verdict: 'valid',
      anomalies: [],
    })
  })

  test('one of them not', async () => {
    expect(await checkLinearizableOnThreads(registers(17), check, limits(), options)).toMatchObject({
      verdict: 'invalid',
      key: '17',
    })
  })
})
