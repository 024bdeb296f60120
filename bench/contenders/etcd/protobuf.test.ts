import { expect, test } from 'vitest'
import {
  decodePutRevision,
  decodeRangeExists,
  decodeStatus,
  encodePut,
  encodeRange,
  encodeStatus,
} from './protobuf.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const fromHex = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex')

test('a put of a short value: flag, length, key in field 1, value in field 2', () => {
  expect(hex(encodePut(Buffer.from('ab'), Buffer.from('xyz')))).toBe(
    '00 00000009 0a02 6162 1203 78797a'.replaceAll(' ', ''),
  )
})

test('a value of 256 bytes has a length of two bytes', () => {
  const message = encodePut(Buffer.alloc(16, 1), Buffer.alloc(256, 2))
  expect(message.length).toBe(5 + 2 + 16 + 3 + 256)
  expect(message.readUInt32BE(1)).toBe(message.length - 5)
  expect(hex(message.subarray(5 + 18, 5 + 21))).toBe('128002')
})

test('a linearizable read names the key and leaves `serializable` out', () => {
  expect(hex(encodeRange(Buffer.from('ab')))).toBe('00000000040a026162')
})

test('a status request is empty', () => {
  expect(hex(encodeStatus())).toBe('0000000000')
})

test('a range answer holds a key only when it has a pair with a value', () => {
  const header = '0a04 0801 1801'
  expect(decodeRangeExists(fromHex(`${header} 1209 0a0161 1001 2a02 6869 2001`))).toBe(true)
  expect(decodeRangeExists(fromHex(header))).toBe(false)
  expect(decodeRangeExists(fromHex(`${header} 1205 0a0161 1001`))).toBe(false)
})

test('a put answer carries the revision of its header', () => {
  expect(decodePutRevision(fromHex('0a05 0801 18ac02'))).toBe(300)
  expect(() => decodePutRevision(fromHex(''))).toThrow('without a revision')
})

test('a status answer names member, leader, term and index, ids in all 64 bits', () => {
  const member = 'ffffffffffffffffff01'
  const status = decodeStatus(fromHex(`0a0d 0801 10${member} 1203332e34 20${member} 28ac02 3003 38ab02`))
  expect(status).toEqual({
    memberId: 2n ** 64n - 1n,
    leaderId: 2n ** 64n - 1n,
    raftIndex: 300n,
    raftTerm: 3,
    appliedIndex: 299n,
  })
})

test('a message that is cut off is an error and never an endless loop', () => {
  expect(() => decodeRangeExists(fromHex('0a04 0801'))).toThrow('reaches beyond')
  expect(() => decodeRangeExists(fromHex('0aff'))).toThrow('in the middle')
  expect(() => decodeRangeExists(fromHex('0b'))).toThrow('wire type 3')
})
