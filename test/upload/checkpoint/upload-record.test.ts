import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  type CheckpointRecord,
  formatPart,
  formatRecord,
  type RecordedPart,
  readRecord,
} from '../../../src/upload/checkpoint/upload-record.js'
import { anyText } from '../../support/any-text.js'

const text = anyText({ minLength: 1 })
const count = fc.nat({ max: Number.MAX_SAFE_INTEGER })

const parts: fc.Arbitrary<RecordedPart[]> = fc
  .uniqueArray(
    fc.record(
      {
        partNumber: fc.integer({ min: 1, max: 10_000 }),
        size: count,
        etag: text,
        crc64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        checksum: text,
      },
      { requiredKeys: ['partNumber', 'size', 'etag', 'crc64'], noNullPrototype: true },
    ),
    { selector: ({ partNumber }) => partNumber, maxLength: 8 },
  )
  .map((unordered) => unordered.sort((a, b) => a.partNumber - b.partNumber))

const records: fc.Arbitrary<CheckpointRecord> = fc.record(
  {
    provider: fc.constantFrom('oss' as const, 'obs' as const, 's3' as const),
    bucket: text,
    key: text,
    location: text,
    uploadId: text,
    partSize: count,
    options: fc.record({ salt: text, hash: text }, { noNullPrototype: true }),
    checksum: fc.constantFrom('crc32' as const, 'crc64nvme' as const),
    etagsAreMd5: fc.boolean(),
    file: fc.record(
      // JSON has no negative zero.
      { size: count, mtimeNs: fc.bigInt().map(String) },
      { noNullPrototype: true },
    ),
    parts,
  },
  {
    requiredKeys: ['provider', 'bucket', 'key', 'location', 'uploadId', 'partSize', 'options', 'etagsAreMd5', 'parts'],
    noNullPrototype: true,
  },
)

function textOf({ parts, ...head }: CheckpointRecord): string {
  return formatRecord(head, parts.map(formatPart))
}

describe('the text of a record', () => {
  it('is read back as what was recorded', () => {
    fc.assert(
      fc.property(records, (record) => {
        assert.deepEqual(readRecord(textOf(record)), { kind: 'record', record })
      }),
    )
  })

  it('is one line a part', () => {
    const [record] = fc.sample(
      records.filter(({ parts }) => parts.length > 1),
      { numRuns: 1, seed: 1 },
    )
    const lines = textOf(record!).split('\n')
    const [first, last] = [lines.indexOf('"parts":[') + 1, lines.indexOf('],')]
    assert.equal(last - first, record!.parts.length)
  })

  it('is known to be damaged wherever it was cut', () => {
    fc.assert(
      fc.property(records, fc.double({ min: 0, max: 1, noNaN: true }), (record, share) => {
        const whole = textOf(record)
        const reading = readRecord(whole.slice(0, Math.floor(share * (whole.length - 1))))
        assert.equal(reading.kind, 'damaged')
      }),
    )
  })

  it('is recognised as changed after any change', () => {
    fc.assert(
      fc.property(records, fc.nat(), fc.integer({ min: 1, max: 127 }), (record, at, change) => {
        const bytes = Buffer.from(textOf(record))
        bytes[at % bytes.length]! ^= change
        assert.notEqual(readRecord(bytes.toString()).kind, 'record')
      }),
      { numRuns: 500 },
    )
  })

  it('is not taken for ours when it is something else', () => {
    for (const foreign of [
      'hello',
      '{}',
      '{"format":"other"}',
      'PK\u0003\u0004',
      '\n',
      '[]',
      '{"file":"a","uploadId":"b"}',
    ]) {
      assert.equal(readRecord(foreign).kind, 'foreign', foreign)
    }
  })

  it('is not read when a later version wrote it', () => {
    const [record] = fc.sample(records, { numRuns: 1, seed: 1 })
    const reading = readRecord(textOf(record!).replace('"version":1', '"version":2'))
    assert.deepEqual(reading, { kind: 'foreign', why: 'it has version 2, and this library reads version 1' })
  })

  it('is damaged when it says what no record says, its sum being right', () => {
    const [record] = fc.sample(
      records.filter(({ parts }) => parts.length > 1),
      { numRuns: 1, seed: 2 },
    )
    const wrong: unknown[] = [
      { provider: 'gcs' },
      { bucket: '' },
      { uploadId: 5 },
      { partSize: -1 },
      { partSize: 0.5 },
      { options: [] },
      { options: { salt: 'a' } },
      { etagsAreMd5: 'yes' },
      { checksum: 'sha256' },
      { file: { size: 1 } },
    ]
    for (const change of wrong) {
      const changed = { ...record!, ...(change as Partial<CheckpointRecord>) }
      assert.equal(readRecord(textOf(changed)).kind, 'damaged', JSON.stringify(change))
    }
    const { parts, ...head } = record!
    const [first, second] = parts.map(formatPart)
    for (const lines of [
      [second!, first!],
      [first!, first!],
      ['5'],
      [first!.replace(/"crc64":"\d+"/, '"crc64":"x"')],
    ]) {
      assert.equal(readRecord(formatRecord(head, lines)).kind, 'damaged')
    }
  })
})
