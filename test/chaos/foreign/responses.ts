/** Calls whose responses have foreign values in their headers and documents. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import type { Emulator } from '../../../src/emulator/index.js'
import { type ObjectStore, openStore, type StoreOptions, UploadError } from '../../../src/index.js'
import { readAll } from '../../support/bytes.js'
import { type ChaosOutcome, type ChaosSubject, SOURCE } from '../chaos.js'
import { checkStored } from '../stored.js'
import { AlteredService, type Alteration } from './altered-service.js'

const PART = 100 * 1024
const BYTES = SOURCE.subarray(0, 3 * PART + 17)
const KNOWN = 'known'

interface ResponsesPlan {
  call: keyof typeof CALLS
  provider: 'oss' | 'obs' | 's3'
  alterations: Alteration[]
}

const HEADERS = [
  ...['etag', 'date', 'last-modified', 'content-length', 'content-range', 'content-type', 'content-encoding'],
  ...['x-oss-hash-crc64ecma', 'x-oss-request-id', 'x-oss-version-id', 'x-obs-hash-crc64ecma', 'x-amz-checksum-crc32'],
  ...['x-amz-checksum-type', 'x-amz-request-id', 'retry-after', 'transfer-encoding', 'location', 'x-oss-err'],
]

const ELEMENTS = [
  ...['UploadId', 'ETag', 'PartNumber', 'Size', 'LastModified', 'Initiated', 'Key', 'Bucket', 'IsTruncated'],
  ...['NextPartNumberMarker', 'NextKeyMarker', 'NextUploadIdMarker', 'NextMarker', 'NextContinuationToken'],
  ...['Code', 'Message', 'RequestId', 'EncodingType', 'StorageClass', 'HashCrc64ecma', 'ChecksumCRC32'],
]

const texts = fc.constantFrom(
  ...[
    undefined,
    'twice',
    '',
    ' ',
    'NaN',
    '-1',
    '0',
    '1.5',
    '1e999',
    '0x10',
    '99999999999999999999',
    '"',
    '""',
    'W/"a"',
  ],
  ...['"a", "b"', 'Sat, 13 Sep 275760 00:00:00 GMT', 'Thu, 01 Jan 1970 00:00:00 GMT', 'not a date', 'true', 'gzip'],
  ...[
    'bytes 0-0/1',
    'bytes */5',
    'bytes 5-4/3',
    'chunked',
    'a\tb',
    '\u0080\u00ff',
    'x'.repeat(10_000),
    '__proto__',
    '%',
  ],
  ...['%ff', '&#xD800;', '&#0;', '&#99999999;', '&undefined;', ']]>', '<![CDATA[a]]>', '../..', 'a\u009b31m'],
)

const alteration: fc.Arbitrary<Alteration> = fc.record({
  skip: fc.constantFrom(0, 0, 1, 2, 3, 5),
  times: fc.constantFrom(1, 2, 1000),
  field: fc.oneof(
    fc.constantFrom(...HEADERS).map((header) => ({ header })),
    fc.constantFrom(...ELEMENTS).map((element) => ({ element })),
  ),
  value: texts.map((text) => ({ text })),
})

/** What each call does with a store whose responses are altered. */
const CALLS = {
  'multipart upload': (store: ObjectStore, key: string) =>
    store.upload(key, BYTES, { partSize: store.provider === 's3' ? 5 * 1024 * 1024 : PART }),
  put: (store: ObjectStore, key: string) => store.upload(key, BYTES.subarray(0, 1000)),
  head: (store: ObjectStore) => store.head(KNOWN),
  get: async (store: ObjectStore) => {
    const { body } = await store.get(KNOWN)
    assert.ok(BYTES.equals(await readAll(body)), 'other bytes were read')
  },
  download: async (store: ObjectStore) => {
    const stream = store.createDownloadStream(KNOWN, { partSize: PART, concurrency: 2 })
    const bytes = await readAll(stream)
    const { verified } = await stream.done
    assert.ok(BYTES.equals(bytes) || verified === 'size', 'other bytes were read')
  },
  'download to a file': async (store: ObjectStore) => {
    const folder = await mkdtemp(path.join(tmpdir(), 'oss-upload-stream-'))
    try {
      await store.downloadFile(KNOWN, path.join(folder, 'target'), { partSize: PART })
    } finally {
      await rm(folder, { recursive: true })
    }
  },
  list: (store: ObjectStore) => all(store.list({ prefix: '', pageSize: 2, limit: 20 })),
  'list of uploads': (store: ObjectStore) => all(store.listMultipartUploads({ pageSize: 2, limit: 20 })),
  'list of parts': async (store: ObjectStore, key: string) => {
    const uploadId = await store.initiateMultipartUpload(key)
    const upload = { key, uploadId }
    for (const partNumber of [1, 2, 3]) await store.uploadPart(upload, partNumber, Buffer.from('part'))
    await all(store.listParts(upload))
  },
  delete: (store: ObjectStore, key: string) => store.delete(key),
} satisfies Record<string, (store: ObjectStore, key: string) => Promise<unknown>>

const plans: fc.Arbitrary<ResponsesPlan> = fc.record({
  call: fc.constantFrom(...(Object.keys(CALLS) as (keyof typeof CALLS)[])),
  provider: fc.constantFrom('oss', 'oss', 'obs', 's3'),
  alterations: fc.array(alteration, { minLength: 1, maxLength: 3 }),
})

export const RESPONSES: ChaosSubject<ResponsesPlan> = { plans, carryOut }

async function carryOut(
  { call, provider, alterations }: ResponsesPlan,
  emulator: Emulator,
  key: string,
): Promise<ChaosOutcome> {
  const { region, credentials } = emulator
  const service = await AlteredService.before(emulator.endpoint)
  const options = {
    ...{ provider, bucket: 'chaos', region, credentials, addressing: 'path' },
    retry: { maxAttempts: 3, baseDelayMs: 1, maxDelayMs: 5 },
    timeouts: { connectMs: 2000, answerMs: 1000, stallMs: 300 },
  } as StoreOptions
  const bystander = openStore({ ...options, endpoint: emulator.endpoint })
  const store = openStore({ ...options, endpoint: service.endpoint })
  try {
    await bystander.upload(KNOWN, BYTES)
    service.alter(alterations)
    const result: unknown = await CALLS[call](store, key).catch((error: unknown) => error)
    service.alter([])
    if (result instanceof Error && !(result instanceof UploadError)) throw result
    if (call === 'put' || call === 'multipart upload') {
      const bytes = call === 'put' ? BYTES.subarray(0, 1000) : BYTES
      const lies = 3 * alterations.length
      await checkStored(bystander, {
        key,
        bytes,
        forbidOverwrite: false,
        gaveUp: true,
        lies,
        result: result as UploadError,
      })
    }
    // Whatever was said, it is not believed for good.
    assert.equal((await store.head(KNOWN)).size, BYTES.length)
    await store.upload(`${key} later`, 'later')
    assert.equal((await readAll((await store.get(`${key} later`)).body)).toString(), 'later')
    return result instanceof Error ? { stored: false, error: result } : { stored: true }
  } finally {
    for await (const upload of bystander.listMultipartUploads()) await bystander.abortMultipartUpload(upload)
    await Promise.all([store.close(), bystander.close()])
    await service.close()
  }
}

async function all(list: AsyncIterable<unknown>): Promise<unknown[]> {
  const found = []
  for await (const item of list) found.push(item)
  return found
}
