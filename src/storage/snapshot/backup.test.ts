import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareBytes, concatBytes, utf8 } from '../../foundation/bytes.ts'
import { DureError } from '../../foundation/errors.ts'
import { logIndex, nodeId, term } from '../../foundation/ids.ts'
import type { Row } from '../table/table.ts'
import type { BackupHeader } from './backup-format.ts'
import { BackupReader } from './backup-reader.ts'
import { BackupWriter } from './backup-writer.ts'
import { encodeChunk } from './chunk-codec.ts'

const header: BackupHeader = {
  clusterId: 'local-1',
  nodeId: nodeId(2),
  index: logIndex(17),
  term: term(3),
  membership: {
    voters: [nodeId(1), nodeId(2)],
    votersOutgoing: [],
    learners: [],
    learnersNext: [],
    autoLeave: false,
  },
  logTimeMs: 1_700_000_000_123,
  version: '0.1.0',
  createdAtMs: 1_700_000_000_456,
}

function write(chunks: readonly (readonly Row[])[]): Uint8Array {
  const writer = new BackupWriter(createHash('sha256'))
  return concatBytes([
    writer.header(header),
    ...chunks.map((rows) => writer.chunk(encodeChunk(rows))),
    writer.trailer(),
  ])
}

/** In pieces, as a file or a connection gives them. */
function read(bytes: Uint8Array, pieceBytes = 64): { rows: Row[]; found: ReturnType<BackupReader['end']> } {
  const reader = new BackupReader('snapshot.dure', createHash('sha256'))
  const rows: Row[] = []
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    for (const chunk of reader.push(bytes.subarray(at, at + pieceBytes))) rows.push(...chunk)
  }
  return { rows, found: reader.end() }
}

const row = (key: string, value: string): Row => ({ key: utf8(key), value: utf8(value) })
const small = write([[row('a', '1'), row('b', '22')], [row('c', '333')]])

function refusal(bytes: Uint8Array): DureError {
  try {
    read(bytes)
  } catch (error) {
    expect(error).toBeInstanceOf(DureError)
    return error as DureError
  }
  throw new Error('it was taken')
}

const bytesArbitrary = fc.uint8Array({ maxLength: 40 })
const chunksArbitrary = fc
  .uniqueArray(fc.record({ key: fc.uint8Array({ minLength: 1, maxLength: 12 }), value: bytesArbitrary }), {
    selector: ({ key }) => key.join(),
    maxLength: 30,
  })
  .chain((rows) => {
    const sorted = rows.toSorted((a, b) => compareBytes(a.key, b.key))
    return fc.integer({ min: 1, max: 8 }).map((size) => {
      const chunks: Row[][] = []
      for (let at = 0; at < sorted.length; at += size) chunks.push(sorted.slice(at, at + size))
      return chunks.length === 0 ? [[]] : chunks
    })
  })

test('what was written comes back, in whatever pieces it is read', () => {
  fc.assert(
    fc.property(chunksArbitrary, fc.integer({ min: 1, max: 500 }), (chunks, pieceBytes) => {
      const { rows, found } = read(write(chunks), pieceBytes)
      expect(rows.map(({ key, value }) => [[...key], [...value]])).toEqual(
        chunks.flat().map(({ key, value }) => [[...key], [...value]]),
      )
      expect(found.header).toEqual(header)
      expect(found.trailer).toMatchObject({ chunks: chunks.length, rows: chunks.flat().length })
    }),
    { numRuns: 100 },
  )
})

describe('a backup that is not as it was written is refused', () => {
  test('with any one byte changed in any way', () => {
    fc.assert(
      fc.property(fc.nat({ max: small.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const bytes = small.slice()
        bytes[at]! ^= change
        refusal(bytes)
      }),
      { numRuns: 500 },
    )
  })

  test('with every single bit flipped', () => {
    for (let bit = 0; bit < small.length * 8; bit++) {
      const bytes = small.slice()
      bytes[bit >>> 3]! ^= 1 << (bit & 7)
      refusal(bytes)
    }
  })

  test('cut off anywhere, with the byte where it ends', () => {
    for (let length = 0; length < small.length; length++) {
      const error = refusal(small.subarray(0, length))
      expect(error.code).toBe('corrupt')
      expect(error.message).toContain(length === 0 ? 'it is empty' : `byte ${length}: it ends here`)
    }
  })

  test('with a part removed, doubled or moved, though each part is whole', () => {
    fc.assert(
      fc.property(chunksArbitrary, fc.nat(), fc.nat(), (chunks, first, second) => {
        const writer = new BackupWriter(createHash('sha256'))
        const parts = [writer.header(header)]
        for (const rows of chunks) parts.push(writer.chunk(encodeChunk(rows)))
        parts.push(writer.trailer())
        const one = first % parts.length
        const other = second % parts.length
        refusal(concatBytes(parts.toSpliced(one, 1)))
        refusal(concatBytes(parts.toSpliced(one, 0, parts[one]!)))
        if (one === other) return
        const moved = parts.slice()
        ;[moved[one], moved[other]] = [parts[other]!, parts[one]!]
        refusal(concatBytes(moved))
      }),
      { numRuns: 100 },
    )
  })

  test('with anything after its end', () => {
    expect(refusal(concatBytes([small, utf8('\n')])).message).toContain(
      `snapshot.dure, byte ${small.length}: something follows its end`,
    )
  })

  test('of a newer format, with what to do', () => {
    const bytes = small.slice()
    bytes[15] = 2
    expect(refusal(bytes)).toMatchObject({
      code: 'data-directory',
      message: expect.stringContaining(
        'format 2, and this version of Dure knows formats up to 1: use the version',
      ),
    })
  })

  test('when it is something else', () => {
    expect(refusal(utf8('PK\u0003\u0004 something else'))).toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('snapshot.dure is not a backup of Dure'),
    })
  })
})
