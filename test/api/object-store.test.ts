import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatCrc64 } from '../../src/checksum/decimal.js'
import { crc64Engine } from '../../src/checksum/engine.js'
import type { Fault } from '../../src/emulator/index.js'
import { type ObjectStore, UploadError, type UploadAddress } from '../../src/index.js'
import { readAll, someBytes } from '../support/bytes.js'
import { rechunkingProxy } from '../support/rechunking-proxy.js'
import { emulatedStore, exists } from '../support/emulated-store.js'
import { uploadError } from '../support/errors.js'
import { assertRefused } from '../support/refusal.js'
import { until } from '../support/until.js'

const PART = 100 * 1024

function crc64Text(bytes: Uint8Array): string {
  const crc64 = crc64Engine().create()
  crc64.update(bytes)
  return formatCrc64(crc64.digest())
}

async function put(store: ObjectStore, key: string, bytes: Uint8Array): Promise<void> {
  const upload = store.createUploadStream(key)
  upload.end(bytes)
  await upload.done
}

async function listed<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => assert.fail('it did not fail'),
    (error: unknown) => error,
  )
}

describe('an object in a store', () => {
  it('has what the upload said of it', async (t) => {
    const { store } = await emulatedStore(t)
    const bytes = someBytes(1000)
    const before = Date.now()
    const upload = store.createUploadStream('a b+c/ü', {
      contentType: 'text/plain',
      metadata: { Made: 'by me' },
      headers: { 'Cache-Control': 'no-cache' },
      storageClass: 'IA',
    })
    upload.end(bytes)
    const result = await upload.done

    const info = await store.head('a b+c/ü')
    assert.equal(info.size, 1000)
    assert.equal(info.etag, result.etag)
    assert.equal(info.crc64, crc64Text(bytes))
    assert.equal(info.contentType, 'text/plain')
    assert.deepEqual(info.metadata, { made: 'by me' })
    assert.equal(info.headers['cache-control'], 'no-cache')
    assert.equal(info.headers['x-oss-storage-class'], 'IA')
    assert.notEqual(info.requestId, '')
    // HTTP dates have whole seconds.
    assert.ok(info.lastModified!.getTime() >= before - 1000 && info.lastModified!.getTime() <= Date.now())
  })

  for (const [what, range, from, to] of [
    ['bytes from the middle', { start: 10, end: 19 }, 10, 20],
    ['one byte', { start: 0, end: 0 }, 0, 1],
    ['the end', { start: 990 }, 990, 1000],
    ['what there is of a range that goes beyond', { start: 990, end: 5000 }, 990, 1000],
  ] as const) {
    it(`returns ${what} for a range`, async (t) => {
      const { store } = await emulatedStore(t)
      const bytes = someBytes(1000)
      await put(store, 'k', bytes)
      const { body, size, crc64 } = await store.get('k', { range })
      assert.equal(Buffer.compare(await readAll(body), bytes.subarray(from, to)), 0)
      assert.equal(size, 1000)
      assert.equal(crc64, crc64Text(bytes))
    })
  }

  it('is not returned as a whole if the range starts beyond it', async (t) => {
    const { store } = await emulatedStore(t)
    await put(store, 'k', someBytes(10))
    await assert.rejects(store.get('k', { range: { start: 10 } }), { code: 'REJECTED', serviceCode: 'InvalidRange' })
  })

  for (const [what, key] of [
    ['dots', 'a/./../b'],
    ['two slashes', 'a//b/'],
    ['percent signs and plus signs', '100%+1%20'],
    ['every printable character', Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join('')],
    ['characters beyond 16 bits', '🗄️/文件'],
  ] as const) {
    it(`is found by a key with ${what}`, async (t) => {
      const { emulator, store } = await emulatedStore(t)
      await put(store, key, Buffer.from('here'))
      assert.equal((await readAll((await store.get(key)).body)).toString(), 'here')
      assert.ok(emulator.requests.every((request) => request.key === key))
    })
  }

  it('is not there, or is gone when it is deleted, which may happen again', async (t) => {
    const { store } = await emulatedStore(t)
    await put(store, 'k', Buffer.from('x'))
    await store.delete('k')
    await store.delete('k')
    assert.equal(await exists(store, 'k'), false)
    for (const call of [() => store.head('k'), () => store.get('k')]) {
      const error = await errorOf(call())
      assert.ok(error instanceof UploadError)
      const { code, status, serviceCode, bucket, key, attempts, retryable } = error
      assert.deepEqual(
        { code, status, serviceCode, bucket, key, attempts, retryable },
        {
          code: 'NOT_FOUND',
          status: 404,
          serviceCode: 'NoSuchKey',
          bucket: 'test-bucket',
          key: 'k',
          attempts: 1,
          retryable: false,
        },
      )
      assert.notEqual(error.requestId, undefined)
    }
  })
})

describe('the body of an object', () => {
  const bytes = someBytes(500_000)

  it('fails instead of ending when it is not what the store checksummed', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    await put(store, 'k', bytes)
    emulator.faults.inject({ match: { operation: 'GetObject' }, action: { type: 'wrong-checksum' } })
    const { body, crc64 } = await store.get('k')
    const error = await errorOf(readAll(body))
    assert.ok(error instanceof UploadError)
    assert.equal(error.code, 'CHECKSUM_MISMATCH')
    assert.equal(error.key, 'k')
    assert.ok(error.message.includes(crc64!) && error.message.includes(crc64Text(bytes)), error.message)
  })

  describe('whose response', () => {
    const ours = { ETag: '"E"', 'x-oss-request-id': 'R' }
    const cases: [string, { start: number; end?: number } | undefined, number, Record<string, string>, string][] = [
      ['is part of it where the whole was asked for', undefined, 206, { 'Content-Range': 'bytes 0-4/10' }, '12345'],
      ['is the whole where a range was asked for', { start: 2, end: 3 }, 200, {}, '12345'],
      ['is another range', { start: 2, end: 3 }, 206, { 'Content-Range': 'bytes 0-1/10' }, '12'],
      ['has fewer bytes than it says', { start: 2, end: 3 }, 206, { 'Content-Range': 'bytes 2-3/10' }, '1'],
      ['has more bytes than it says', { start: 2 }, 206, { 'Content-Range': 'bytes 2-3/4' }, '123'],
      ['does not say which range it is', { start: 2, end: 3 }, 206, {}, '12'],
    ]
    for (const [what, range, status, headers, body] of cases) {
      it(`${what} is refused`, async (t) => {
        const { emulator, store } = await emulatedStore(t, { store: { retry: { maxAttempts: 2, baseDelayMs: 0 } } })
        const action = { type: 'answer', status, headers: { ...ours, ...headers }, body } as const
        emulator.faults.inject({ match: { operation: 'GetObject' }, action, times: 2 })
        await assert.rejects(store.get('k', { range }), { code: 'BAD_ANSWER', attempts: 2 })
      })
    }

    it('comes in chunks, through a proxy, is read and verified all the same', async (t) => {
      const { emulator, open } = await emulatedStore(t)
      const origin = await rechunkingProxy(t, emulator.endpoint)
      const store = open({ endpoint: origin })
      await put(store, 'k', bytes)
      const { body, size, crc64 } = await store.get('k')
      assert.deepEqual([size, crc64], [bytes.length, crc64Text(bytes)])
      assert.deepEqual(await readAll(body), bytes)
      const range = await store.get('k', { range: { start: 5, end: 9 } })
      assert.deepEqual(await readAll(range.body), bytes.subarray(5, 10))
      await put(store, 'empty', Buffer.alloc(0))
      assert.deepEqual(await readAll((await store.get('empty')).body), Buffer.alloc(0))
      const download = store.createDownloadStream('k', { partSize: 64 * 1024 })
      assert.deepEqual(await readAll(download), bytes)
      assert.deepEqual([(await store.head('k')).size, (await store.head('empty')).size], [bytes.length, 0])
      const empty = store.createDownloadStream('empty')
      assert.deepEqual(await readAll(empty), Buffer.alloc(0))
      assert.equal((await empty.done).verified, 'crc64')
    })

    it('that comes in chunks and is none of the service, or ignores the range, is BAD_ANSWER', async (t) => {
      const { emulator, store, open } = await emulatedStore(t, { store: { retry: { maxAttempts: 2, baseDelayMs: 0 } } })
      const through = open({ endpoint: await rechunkingProxy(t, emulator.endpoint) })
      await put(store, 'k', bytes)
      const { etag, requestId } = await store.head('k')
      const known = { ETag: etag, 'x-oss-request-id': requestId }
      const cases = [
        { headers: {}, times: 2, options: {} },
        // The second request asks for the size.
        { headers: known, times: 1, options: { range: { start: 5, end: 9 } } },
      ]
      for (const { headers, times, options } of cases) {
        const action = { type: 'answer', status: 200, headers, body: 'x'.repeat(20) } as const
        emulator.faults.inject({ match: { operation: 'GetObject' }, times, action })
        await assert.rejects(through.get('k', options), uploadError('BAD_ANSWER'))
        assert.deepEqual(emulator.faults.pending(), [])
      }
    })
  })

  const broken: [string, Fault['action'], string][] = [
    ['the connection is closed half-way', { type: 'truncate' }, 'NETWORK'],
    ['the connection is reset half-way', { type: 'reset', at: 'answer' }, 'NETWORK'],
    ['nothing moves any more', { type: 'stall', at: 'answer' }, 'TIMEOUT'],
  ]
  for (const [what, action, code] of broken) {
    for (const range of [undefined, { start: 0 }]) {
      it(`fails when ${what}${range === undefined ? '' : ', of a range too'}`, async (t) => {
        const { emulator, store, open } = await emulatedStore(t)
        await put(store, 'k', bytes)
        emulator.faults.inject({ match: { operation: 'GetObject' }, action })
        const impatient = open({ timeouts: { stallMs: 300 } })
        const { body } = await impatient.get('k', { range })
        const error = await errorOf(readAll(body))
        assert.ok(error instanceof UploadError, `not an UploadError but ${String(error)}`)
        assert.equal(error.code, code)
        assert.equal(error.key, 'k')
        assert.equal(error.retryable, true)
        assert.match(error.message, /"k"/)
      })
    }
  }

  it('fails with ABORTED when its signal is aborted', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    await put(store, 'k', bytes)
    for (const range of [undefined, { start: 0 }]) {
      emulator.faults.inject({ match: { operation: 'GetObject' }, action: { type: 'stall', at: 'answer' } })
      const controller = new AbortController()
      const { body } = await store.get('k', { range, signal: controller.signal })
      const reason = new Error('no longer wanted')
      body.once('data', () => controller.abort(reason))
      await assert.rejects(readAll(body), { code: 'ABORTED', cause: reason, key: 'k' })
    }
  })

  it('is not requested if its signal was aborted already', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    await assert.rejects(store.get('k', { signal: AbortSignal.abort() }), { code: 'ABORTED' })
    assert.deepEqual(emulator.requests, [])
  })

  it('may be destroyed, which ends the request', async (t) => {
    const { emulator, store, open } = await emulatedStore(t)
    await put(store, 'k', bytes)
    emulator.faults.inject({ match: { operation: 'GetObject' }, action: { type: 'stall', at: 'answer' } })
    const patient = open({ timeouts: { stallMs: 3_600_000 } })
    const { body } = await patient.get('k')
    body.destroy()
    // Closing waits for requests under way.
    await patient.close()
  })
})

describe('a low-level multipart upload', () => {
  it('becomes an object of its parts, in the order of their numbers', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const key = 'low-level +ü'
    const uploadId = await store.initiateMultipartUpload(key, { contentType: 'text/plain', metadata: { a: 'b' } })
    const address = { key, uploadId }
    const bytes = someBytes(2.5 * PART)
    const [first, second, third] = [bytes.subarray(0, PART), bytes.subarray(PART, 2 * PART), bytes.subarray(2 * PART)]
    const last = await store.uploadPart(address, 9, third)
    await store.uploadPart(address, 1, someBytes(PART, 7))
    const replaced = await store.uploadPart(address, 1, first, { contentMd5: true })
    const middle = await store.uploadPart(address, 5, second)
    assert.equal(replaced.crc64, crc64Text(first))
    assert.deepEqual(
      (await listed(store.listParts(address))).map(({ partNumber, size, etag, crc64 }) => ({
        partNumber,
        size,
        etag,
        crc64,
      })),
      [
        { ...replaced, size: PART },
        { ...middle, size: PART },
        { ...last, size: PART / 2 },
      ],
    )
    assert.equal(await exists(store, key), false)

    const { etag, crc64, requestId } = await store.completeMultipartUpload(address, [last, replaced, middle], {
      acl: 'public-read',
    })
    assert.equal(crc64, crc64Text(bytes))
    assert.notEqual(requestId, '')
    const complete = emulator.requests.find(({ operation }) => operation === 'CompleteMultipartUpload')
    assert.equal(complete?.headers['x-oss-object-acl'], 'public-read')
    const object = await store.get(key)
    assert.equal(object.etag, etag)
    assert.equal(object.contentType, 'text/plain')
    assert.deepEqual(object.metadata, { a: 'b' })
    assert.equal(Buffer.compare(await readAll(object.body), bytes), 0)
    assert.deepEqual(await listed(store.listMultipartUploads()), [])
  })

  it('is aborted, which may happen repeatedly', async (t) => {
    const { store } = await emulatedStore(t)
    const address = { key: 'k', uploadId: await store.initiateMultipartUpload('k') }
    await store.uploadPart(address, 1, someBytes(10))
    await store.abortMultipartUpload(address)
    await store.abortMultipartUpload(address)
    await assert.rejects(store.uploadPart(address, 2, someBytes(10)), { code: 'NO_SUCH_UPLOAD', partNumber: 2 })
    await assert.rejects(listed(store.listParts(address)), { code: 'NO_SUCH_UPLOAD' })
  })

  it('does not replace an object that must stay', async (t) => {
    const { store } = await emulatedStore(t)
    const address = { key: 'k', uploadId: await store.initiateMultipartUpload('k') }
    const part = await store.uploadPart(address, 1, Buffer.from('new'))
    await put(store, 'k', Buffer.from('old'))
    await assert.rejects(store.initiateMultipartUpload('k', { forbidOverwrite: true }), { code: 'ALREADY_EXISTS' })
    await assert.rejects(store.completeMultipartUpload(address, [part], { forbidOverwrite: true }), {
      code: 'ALREADY_EXISTS',
    })
    assert.equal((await readAll((await store.get('k')).body)).toString(), 'old')
  })

  it('sends a part again that arrived damaged, and fails when it never arrives whole', async (t) => {
    const { emulator, open } = await emulatedStore(t)
    const store = open({ retry: { maxAttempts: 3, baseDelayMs: 1, maxDelayMs: 1 } })
    const address = { key: 'k', uploadId: await store.initiateMultipartUpload('k') }
    const damaged = { match: { operation: 'UploadPart' }, action: { type: 'wrong-checksum' } } as const
    emulator.faults.inject({ ...damaged, times: 2 })
    assert.equal((await store.uploadPart(address, 1, someBytes(10))).crc64, crc64Text(someBytes(10)))
    emulator.faults.inject({ ...damaged, times: 3 })
    await assert.rejects(store.uploadPart(address, 2, someBytes(10)), {
      code: 'CHECKSUM_MISMATCH',
      attempts: 3,
      partNumber: 2,
      uploadId: address.uploadId,
    })
  })
})

describe('listings', () => {
  it('give the parts of an upload page by page', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const address = { key: 'k', uploadId: await store.initiateMultipartUpload('k') }
    for (const partNumber of [1, 2, 3, 7, 10_000]) await store.uploadPart(address, partNumber, someBytes(1))
    const numbers = async (options: Parameters<ObjectStore['listParts']>[1]) => {
      const before = emulator.requests.length
      const parts = await listed(store.listParts(address, options))
      return [parts.map(({ partNumber }) => partNumber), emulator.requests.length - before]
    }
    assert.deepEqual(await numbers({}), [[1, 2, 3, 7, 10_000], 1])
    assert.deepEqual(await numbers({ pageSize: 2 }), [[1, 2, 3, 7, 10_000], 3])
    assert.deepEqual(await numbers({ pageSize: 2, after: 2 }), [[3, 7, 10_000], 2])
    assert.deepEqual(await numbers({ after: 10_000 }), [[], 1])
  })

  it('give the unfinished uploads of a bucket page by page, in order', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const keys = ['a', 'dir/ü 1+%', 'dir/ü 1+%', 'dir/ü 1+%', 'dir/z', 'z']
    const uploads: UploadAddress[] = []
    for (const key of keys) uploads.push({ key, uploadId: await store.initiateMultipartUpload(key) })
    const sorted = uploads.sort((a, b) => (a.key < b.key || (a.key === b.key && a.uploadId < b.uploadId) ? -1 : 1))
    const addresses = async (options: Parameters<ObjectStore['listMultipartUploads']>[0]) => {
      const before = emulator.requests.length
      const found = await listed(store.listMultipartUploads(options))
      assert.ok(found.every(({ initiated }) => initiated instanceof Date))
      return [found.map(({ key, uploadId }) => ({ key, uploadId })), emulator.requests.length - before]
    }
    assert.deepEqual(await addresses({}), [sorted, 1])
    assert.deepEqual(await addresses({ pageSize: 1 }), [sorted, 6])
    assert.deepEqual(await addresses({ pageSize: 2, prefix: 'dir/' }), [sorted.slice(1, 5), 2])
    assert.deepEqual(await addresses({ prefix: 'none' }), [[], 1])
  })

  it('request no page that is not read', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    for (const key of ['a', 'b', 'c']) await store.initiateMultipartUpload(key)
    const before = emulator.requests.length
    const listing = store.listMultipartUploads({ pageSize: 1 })
    assert.equal(emulator.requests.length, before)
    for await (const { key } of listing) {
      assert.equal(key, 'a')
      break
    }
    assert.equal(emulator.requests.length, before + 1)
  })
})

describe('a store', () => {
  it('lets its uploads together send no more than its bandwidth limit, and cancels them all the same', async (t) => {
    const { open } = await emulatedStore(t)
    const store = open({ bandwidthLimit: 1024 })
    const uploads = ['a', 'b'].map((key) => store.createUploadStream(key))
    for (const upload of uploads) upload.end(someBytes(4 * PART))
    await until(() => uploads.every(({ progress }) => progress.sent > 0))
    // A request that comes and goes: without a limit everything would have left long ago.
    await exists(store, 'a')
    assert.ok(uploads.every(({ progress }) => progress.sent < PART))
    for (const upload of uploads) {
      upload.destroy()
      await assert.rejects(upload.done, { code: 'ABORTED' })
    }
  })

  it('is closed although a body is not read, which fails then', async (t) => {
    const { store } = await emulatedStore(t, { store: { timeouts: { stallMs: 300 } } })
    await put(store, 'unread', someBytes(8 * 1024 * 1024))
    const { body } = await store.get('unread')
    const failed = new Promise<unknown>((resolve) => body.once('error', resolve))
    await store.close()
    const error = await failed
    assert.ok(error instanceof UploadError)
    assert.equal(error.code, 'TIMEOUT')
    assert.match(error.message, /the store was closed/)
  })

  it('is closed although the response to a get() comes later, and is not read', async (t) => {
    const { emulator, store } = await emulatedStore(t, { store: { timeouts: { stallMs: 300 } } })
    await put(store, 'late', someBytes(8 * 1024 * 1024))
    emulator.faults.inject({ match: { operation: 'GetObject' }, action: { type: 'delay', ms: 200 } })
    const reading = store.get('late')
    await until(() => emulator.faults.pending().length === 0)
    const closing = store.close()
    const { body } = await reading
    const failed = new Promise<unknown>((resolve) => body.once('error', resolve))
    await closing
    assert.ok((await failed) instanceof UploadError)
  })

  it('is closed when a body that is being read has ended', async (t) => {
    const { store } = await emulatedStore(t)
    const bytes = someBytes(8 * 1024 * 1024)
    await put(store, 'read', bytes)
    const { body } = await store.get('read')
    const closing = store.close()
    assert.ok((await readAll(body)).equals(bytes))
    await closing
  })

  it('accepts nothing more when it is closed, which may happen repeatedly', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    await store.close()
    await store.close()
    await assert.rejects(store.head('k'), { code: 'CLOSED' })
    await assert.rejects(listed(store.listMultipartUploads()), { code: 'CLOSED' })
    const upload = store.createUploadStream('k')
    upload.on('error', () => undefined)
    upload.end('x')
    await assert.rejects(upload.done, { code: 'CLOSED' })
    assert.deepEqual(emulator.requests, [])
  })

  it('refuses arguments that are not acceptable, before anything is sent', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const address = { key: 'k', uploadId: 'id' }
    const part = { partNumber: 1, etag: '"etag"' }
    const calls: [method: string, args: unknown[], ...texts: string[]][] = [
      ['head', ['/k'], 'key ', "(got '/k')"],
      ['head', ['k', null], 'options ', '(got null)', 'an object'],
      ['head', ['k', { range: { start: 0 } }], "no option 'range'", 'signal'],
      ['head', ['k', { signal: 'x' }], 'signal ', "(got 'x')", 'an AbortSignal'],
      ['get', ['k', null], 'options ', '(got null)', 'an object'],
      ['get', ['k', { rnage: { start: 0 } }], "no option 'rnage'", 'range'],
      ['get', ['k', { range: '0-4' }], 'range ', "(got '0-4')", 'an object'],
      ['get', ['k', { range: {} }], 'range.start ', '(got undefined)', 'from 0'],
      ['get', ['k', { range: { start: -1 } }], 'range.start ', '(got -1)', 'from 0'],
      ['get', ['k', { range: { start: 5, end: 4 } }], 'range.end ', '(got 4)', 'from 5'],
      ['get', ['k', { range: { start: 5, stop: 9 } }], "range has no option 'stop'", 'end'],
      ['delete', [''], 'key (0 bytes)'],
      ['initiateMultipartUpload', ['/k'], 'key ', "(got '/k')"],
      ['initiateMultipartUpload', ['k', null], 'options ', '(got null)', 'an object'],
      ['initiateMultipartUpload', ['k', { partSize: 5 }], "no option 'partSize'", 'contentType'],
      ['initiateMultipartUpload', ['k', { acl: 'x' }], 'acl ', "(got 'x')", 'public-read'],
      ['uploadPart', [null, 1, Buffer.from('x')], 'upload ', '(got null)', 'an object'],
      ['uploadPart', [{ key: 'k' }, 1, Buffer.from('x')], 'uploadId ', '(got undefined)', 'not empty'],
      ['uploadPart', [address, 0, Buffer.from('x')], 'partNumber ', '(got 0)', 'from 1 to 10,000'],
      ['uploadPart', [address, 10_001, Buffer.from('x')], 'partNumber ', '(got 10001)', 'from 1 to 10,000'],
      ['uploadPart', [address, 1, 'x'], 'body ', "(got 'x')", 'a Uint8Array, a Blob'],
      ['uploadPart', [address, 1, Buffer.from('x'), null], 'options ', '(got null)', 'an object'],
      ['uploadPart', [address, 1, Buffer.from('x'), { acl: 'private' }], "no option 'acl'", 'contentMd5'],
      ['uploadPart', [address, 1, Buffer.from('x'), { contentMd5: 1 }], 'contentMd5 ', '(got 1)', 'true or false'],
      ['completeMultipartUpload', [address], 'parts ', '(got undefined)', 'a list'],
      ['completeMultipartUpload', [address, []], 'parts ', '(got [])', 'at least one'],
      ['completeMultipartUpload', [address, [5]], 'a part ', '(got 5)', 'an object'],
      ['completeMultipartUpload', [address, [{ partNumber: 1 }]], 'etag ', '(got undefined)', 'not empty'],
      ['completeMultipartUpload', [address, [{ ...part, partNumber: 10_001 }]], 'partNumber ', '(got 10001)', '10,000'],
      ['completeMultipartUpload', [address, [part, part]], 'partNumber ', '(got 1)', 'twice'],
      ['completeMultipartUpload', [address, [part], { contentType: 'x' }], "no option 'contentType'", 'acl'],
      ['abortMultipartUpload', [], 'upload ', '(got undefined)', 'an object'],
      ['abortMultipartUpload', [{ key: 'k', uploadId: '' }], 'uploadId ', "(got '')", 'not empty'],
      ['listParts', [address, { pageSize: 0 }], 'pageSize ', '(got 0)', 'from 1 to 1,000'],
      ['listParts', [address, { after: -1 }], 'after ', '(got -1)', 'from 0 to 10,000'],
      ['listParts', [address, { prefix: 'x' }], "no option 'prefix'", 'pageSize'],
      ['listMultipartUploads', [{ pageSize: 1001 }], 'pageSize ', '(got 1001)', 'from 1 to 1,000'],
      ['listMultipartUploads', [{ prefix: 5 }], 'prefix ', '(got 5)'],
      ['listMultipartUploads', [null], 'options ', '(got null)', 'an object'],
    ]
    const untyped = store as unknown as Record<
      string,
      (...values: unknown[]) => Promise<unknown> | AsyncIterable<unknown>
    >
    for (const [method, args, ...texts] of calls) {
      await assertRefused(() => {
        const result = untyped[method]!(...args)
        return Symbol.asyncIterator in result ? listed(result) : result
      }, texts)
    }
    assert.deepEqual(emulator.requests, [])
  })
})
