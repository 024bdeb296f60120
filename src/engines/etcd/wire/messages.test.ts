import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  decodeLeaseAnswer,
  decodeServerVersion,
  decodeToken,
  encodeAuthenticate,
  encodeLeaseGrant,
} from './control-messages.ts'
import { FieldReader } from './field-reader.ts'
import { decodeHeader } from './header.ts'
import { decodeRange, decodeTransaction, encodeRange, encodeTransaction } from './key-value-messages.ts'
import { MessageWriter, PREFIX_BYTES } from './message-writer.ts'
import { decodeWatch, encodeWatchCreate, encodeWatchProgress } from './watch-messages.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const fromHex = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex')
const bytes = (text: string): Uint8Array => Buffer.from(text)
const spaceless = (text: string): string => text.replaceAll(' ', '')

test('a range request: flag, length, then what is asked, in the order of the fields', () => {
  expect(hex(encodeRange({ key: bytes('ab') }))).toBe(spaceless('00 00000004 0a026162'))
  const all = {
    key: bytes('a'),
    rangeEnd: bytes('b'),
    limit: 300,
    revision: 7,
    serializable: true,
    keysOnly: true,
  }
  expect(hex(encodeRange(all))).toBe(spaceless('00 0000000f 0a0161 120162 18ac02 2007 3801 4001'))
})

test('a transaction: comparisons, then both branches, each in its order', () => {
  const message = encodeTransaction({
    compares: [
      { target: 'mod-revision', key: bytes('a'), equals: 0 },
      { target: 'value', key: bytes('s'), less: bytes('9') },
    ],
    success: [
      { kind: 'put', key: bytes('a'), value: bytes('1'), lease: 5, previous: true },
      { kind: 'delete', key: bytes('b') },
    ],
    failure: [{ kind: 'range', key: bytes('s') }],
  })
  const compares = '0a07 1002 1a0161 3000 0a0a 0802 1003 1a0173 3a0139'
  const success = '120c 120a 0a0161 120131 1805 2001 1205 1a03 0a0162'
  const failure = '1a05 0a03 0a0173'
  const body = spaceless(`${compares} ${success} ${failure}`)
  expect(hex(message)).toBe(`00${(body.length / 2).toString(16).padStart(8, '0')}${body}`)
})

test('the other requests of the engine', () => {
  expect(hex(encodeLeaseGrant(300, 10))).toBe(spaceless('00 00000005 080a 10ac02'))
  expect(hex(encodeAuthenticate('me', 'pw'))).toBe(spaceless('00 00000008 0a026d65 12027077'))
  expect(hex(encodeWatchCreate(bytes('a'), bytes('b'), 3))).toBe(
    spaceless('00 0000000e 0a0c 0a0161 120162 1803 2001 4001'),
  )
  expect(hex(encodeWatchProgress())).toBe(spaceless('00 00000002 1a00'))
})

test('what a writer wrote a reader reads, of any length and depth', () => {
  const value = fc.oneof(fc.nat({ max: 2 ** 31 - 1 }), fc.maxSafeNat())
  fc.assert(
    fc.property(fc.array(fc.tuple(value, fc.uint8Array({ maxLength: 400 }))), fc.nat(100), (fields, hint) => {
      const writer = new MessageWriter(hint)
      for (const [number, content] of fields.toReversed()) {
        writer.message(3, (inner) => inner.bytes(17, content).number(1, number))
      }
      const message = writer.finish()
      expect(message.readUInt32BE(1)).toBe(message.length - PREFIX_BYTES)
      const reader = new FieldReader(message.subarray(PREFIX_BYTES))
      const read: [number, Uint8Array][] = []
      while (reader.next()) {
        expect(reader.field).toBe(3)
        const inner = new FieldReader(reader.bytes)
        inner.next()
        const { number } = inner
        inner.next()
        expect(inner.field).toBe(17)
        read.push([number, new Uint8Array(inner.bytes)])
      }
      expect(read).toEqual(fields)
    }),
  )
})

test('a header: the cluster id in all of its 64 bits, and the revision', () => {
  expect(decodeHeader(fromHex('08 ffffffffffffffffff01 1001 18ac02 2003'))).toEqual({
    clusterId: 'ffffffffffffffff',
    revision: 300,
  })
  expect(decodeHeader(fromHex('08 8080808010')).clusterId).toBe('0000000100000000')
})

test('answers: what is asked for is read, what is unknown is stepped over', () => {
  const header = '0a04 0801 1805'
  const pair = '12 0d 0a0161 1001 1809 2001 2a026869'
  const unknown = 'a206 0161 a90600000000 00000000 ad06 00000000'
  const range = decodeRange(fromHex(`${header} ${unknown} ${pair} 1801 2001`))
  expect(range.header.revision).toBe(5)
  expect(range.more).toBe(true)
  expect(range.pairs).toEqual([{ key: bytes('a'), value: bytes('hi'), modRevision: 9 }])

  const answers = '1a06 1204 1202 0a00 1a04 1202 0a00 1a04 1a02 1002'
  const transaction = decodeTransaction(fromHex(`${header} 1001 ${answers}`))
  expect(transaction.succeeded).toBe(true)
  expect(transaction.responses).toEqual([
    { kind: 'put', existed: true },
    { kind: 'put', existed: false },
    { kind: 'delete', deleted: 2 },
  ])
  expect(decodeLeaseAnswer(fromHex(`${header} 1007`))).toMatchObject({ id: 7, ttlSeconds: 0 })
  expect(decodeToken(fromHex(`${header} 1203 612e62`))).toBe('a.b')
  expect(decodeServerVersion(fromHex(`${header} 1206 332e342e3235`))).toBe('3.4.25')
})

test('a watch answer: events, fragments, and why it was cancelled', () => {
  const header = '0a04 0801 1805'
  const put = '5a 0c 120a 0a0161 1805 2001 2a0131'
  const deletion = '5a 09 0801 1205 0a0162 1805'
  const { events, fragment, created, canceled } = decodeWatch(fromHex(`${header} 3801 ${put} ${deletion}`))
  expect({ fragment, created, canceled }).toEqual({ fragment: true, created: false, canceled: false })
  expect(events).toEqual([
    { isDelete: false, pair: { key: bytes('a'), value: bytes('1'), modRevision: 5 } },
    { isDelete: true, pair: { key: bytes('b'), value: new Uint8Array(0), modRevision: 5 } },
  ])
  expect(decodeWatch(fromHex(`${header} 2001 2809 3203 6e6f6f`))).toMatchObject({
    canceled: true,
    compactRevision: 9,
    cancelReason: 'noo',
  })
})

test('a message that is cut off is an error and never an endless loop', () => {
  const refuse = (text: string) => expect(() => decodeRange(fromHex(text)))
  refuse('0a04 0801').toThrow('reaches beyond')
  refuse('0aff').toThrow('in the middle')
  refuse('0b').toThrow('wire type 3')
  refuse('18 ffffffffffffffffffffff01').toThrow('64 bits')
  refuse('0801').toThrow('not bytes')
})
