import type { HistoryValue } from '../history/event.ts'

/** An exact integer: a number while it is safe, else a bigint, so that equal ones are `===`. */
export type Integer = number | bigint

/** Undefined when it is no integer. */
export function integerFrom(value: HistoryValue | undefined): Integer | undefined {
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) return value
    return Number.isInteger(value) ? BigInt(value) : undefined
  }
  return typeof value === 'bigint' ? exact(value) : undefined
}

export function sum(left: Integer, right: Integer): Integer {
  if (typeof left === 'number' && typeof right === 'number') {
    const fast = left + right
    if (Number.isSafeInteger(fast)) return fast
  }
  return exact(BigInt(left) + BigInt(right))
}

export function difference(left: Integer, right: Integer): Integer {
  return sum(left, typeof right === 'number' ? -right : -right)
}

function exact(value: bigint): Integer {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}
