/**
 * What a user finds when something goes wrong at the worst moment: every fault on a real socket, one at a time. The
 * chaos suite combines them at random; here each outcome is written down.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { PassThrough, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import type { Fault } from '../../src/emulator/index.js'
import { type RetryNotice, UploadError, type UploadOptions } from '../../src/index.js'
import { readAll, someBytes } from '../support/bytes.js'
import { emulatedStore, exists, unfinishedUploads } from '../support/emulated-store.js'

const PART = 100 * 1024
const BYTES = someBytes(5 * PART + 1)
const QUICK = { timeouts: { answerMs: 150, stallMs: 150 } }

/** Faults after which the object is stored all the same, and how often something had to be tried again. */
const OVERCOME: [what: string, fault: Fault, retries: number][] = [
  ['InternalError on a part', on('UploadPart', { type: 'error', status: 500, code: 'InternalError' }), 1],
  ['SlowDown on a part', on('UploadPart', { type: 'error', status: 503, code: 'SlowDown' }, 2), 2],
  ['429 on a part', on('UploadPart', { type: 'error', status: 429, code: 'TooManyRequests' }), 1],
  ['408 on a part', on('UploadPart', { type: 'error', status: 408, code: 'RequestTimeout' }), 1],
  ['RequestTimeout in its 400 form', on('UploadPart', { type: 'error', status: 400, code: 'RequestTimeout' }), 1],
  ['200 with an error inside on a part', on('UploadPart', { type: 'error', status: 200, code: 'InternalError' }), 1],
  ['a reset before the body', on('UploadPart', { type: 'reset', at: 'request' }), 1],
  ['a reset within the body', on('UploadPart', { type: 'reset', at: 'body', afterBytes: 1000 }), 1],
  ['a lost answer of a part', on('UploadPart', { type: 'reset', at: 'committed' }), 1],
  ['a cut answer of a part', on('UploadPart', { type: 'truncate' }), 1],
  ['an answer that is not HTTP', on('UploadPart', { type: 'garbage' }), 1],
  ['a body that does not move', on('UploadPart', { type: 'stall', at: 'request' }), 1],
  ['an answer that never comes', on('UploadPart', { type: 'stall', at: 'committed' }), 1],
  ['a response that stops half-way', on('InitiateMultipartUpload', { type: 'stall', at: 'answer' }), 1],
  ['a part that arrives damaged', on('UploadPart', { type: 'wrong-checksum' }), 1],
  ['a full disk of the store', on('UploadPart', { type: 'disk-full' }), 1],
  ['a connection closed without a word', on('UploadPart', { type: 'close', when: 'answered' }, 2), 0],
  ['a stale connection', on('UploadPart', { type: 'close', when: 'reused' }), 1],
  ['a clock that is 20 minutes slow', on('UploadPart', { type: 'clock', offsetMs: -20 * 60_000 }, Infinity), 1],
  ['a lost answer of Complete', on('CompleteMultipartUpload', { type: 'reset', at: 'committed' }), 1],
  ['a Complete that is answered by InternalError', on('CompleteMultipartUpload', error500(false)), 1],
  ['a Complete that was done and is answered by InternalError', on('CompleteMultipartUpload', error500(true)), 1],
  [
    '200 with an error inside on Complete',
    on('CompleteMultipartUpload', { type: 'error', status: 200, code: 'InternalError' }),
    1,
  ],
  ['an empty answer of Complete', on('CompleteMultipartUpload', { type: 'empty' }), 1],
  ['an empty answer of Complete, not done', on('CompleteMultipartUpload', { type: 'empty', commit: false }), 1],
  ['a Complete that is never answered', on('CompleteMultipartUpload', { type: 'stall', at: 'committed' }), 1],
  ['a cut answer of Complete', on('CompleteMultipartUpload', { type: 'truncate' }), 1],
]

function on(
  operation: 'InitiateMultipartUpload' | 'UploadPart' | 'CompleteMultipartUpload',
  action: Fault['action'],
  times = 1,
): Fault {
  return { match: { operation }, times, action }
}

function error500(commit: boolean): Fault['action'] {
  return { type: 'error', status: 500, code: 'InternalError', commit }
}

describe('an upload overcomes', () => {
  for (const [what, fault, retries] of OVERCOME) {
    it(what, async (t) => {
      const { emulator, open } = await emulatedStore(t)
      const store = open(QUICK)
      emulator.faults.inject(fault)
      const upload = store.createUploadStream('k', { partSize: PART, concurrency: 2 })
      const notices: RetryNotice[] = []
      upload.on('retry', (notice) => notices.push(notice))
      await pipeline(Readable.from([BYTES]), upload)
      assert.deepEqual(await readAll((await store.get('k')).body), BYTES)
      // A busy machine may pass a time limit once more; a connection that broke may take its sibling along.
      assert.ok(notices.length >= retries, `${notices.length} retries`)
      for (const { attempt, delayMs, reason } of notices) assert.ok(attempt >= 1 && delayMs >= 0 && reason !== '')
      const { unknownUploads = 0 } = await upload.done
      assert.ok((await unfinishedUploads(store)).length <= unknownUploads)
    })
  }

  for (const [what, action] of [
    ['a lost answer', { type: 'reset', at: 'committed' }],
    ['an answer that never comes', { type: 'stall', at: 'committed' }],
    ['InternalError although it was stored', error500(true)],
    ['a checksum that the service gives wrongly', { type: 'wrong-checksum' }],
  ] as [string, Fault['action']][]) {
    for (const forbidOverwrite of [false, true]) {
      it(`${what} of a single PutObject${forbidOverwrite ? ' that may not overwrite' : ''}`, async (t) => {
        const { emulator, open } = await emulatedStore(t)
        const store = open(QUICK)
        emulator.faults.inject({ match: { operation: 'PutObject' }, action })
        await pipeline(Readable.from(['dump']), store.createUploadStream('k', { forbidOverwrite }))
        assert.equal((await readAll((await store.get('k')).body)).toString(), 'dump')
      })
    }
  }

  it('an initiate whose response was lost, and names what may be left of it', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    emulator.faults.inject(on('InitiateMultipartUpload', { type: 'reset', at: 'committed' }))
    const upload = store.createUploadStream('k', { partSize: PART })
    const notices: RetryNotice[] = []
    upload.on('retry', (notice) => notices.push(notice))
    upload.end(BYTES)
    assert.equal((await upload.done).unknownUploads, 1)
    assert.deepEqual(
      notices.map(({ operation, outcomeUnknown }) => [operation, outcomeUnknown]),
      [['InitiateMultipartUpload', true]],
    )
    assert.equal((await unfinishedUploads(store)).length, 1)
  })
})

describe('an upload fails, publishes nothing and leaves nothing behind', () => {
  const FAILING: [what: string, fault: Fault, code: string, options?: UploadOptions][] = [
    [
      'when Initiate is refused',
      on('InitiateMultipartUpload', { type: 'error', status: 403, code: 'AccessDenied' }),
      'ACCESS_DENIED',
    ],
    ['when a part is refused', on('UploadPart', { type: 'error', status: 403, code: 'AccessDenied' }), 'ACCESS_DENIED'],
    ['when a part fails for good', on('UploadPart', error500(false), Infinity), 'SERVICE_FAILED'],
    [
      'when the service keeps throttling',
      on('UploadPart', { type: 'error', status: 503, code: 'SlowDown' }, Infinity),
      'THROTTLED',
    ],
    ['when a part is damaged each time', on('UploadPart', { type: 'wrong-checksum' }, Infinity), 'CHECKSUM_MISMATCH'],
    ['when no answer ever comes', on('UploadPart', { type: 'stall', at: 'uncommitted' }, Infinity), 'TIMEOUT'],
    ['when its id is gone', on('UploadPart', { type: 'error', status: 404, code: 'NoSuchUpload' }), 'NO_SUCH_UPLOAD'],
    [
      'when Complete is refused',
      on('CompleteMultipartUpload', { type: 'error', status: 400, code: 'InvalidPart' }),
      'REJECTED',
    ],
    ['when Complete never works', on('CompleteMultipartUpload', error500(false), Infinity), 'SERVICE_FAILED'],
    ['when it is redirected', on('UploadPart', { type: 'redirect', location: 'http://127.0.0.2:9/' }), 'REJECTED'],
    ['when answers have no end', on('UploadPart', { type: 'endless' }, Infinity), 'BAD_ANSWER'],
  ]
  for (const [what, fault, code] of FAILING) {
    it(what, async (t) => {
      const { emulator, store, open } = await emulatedStore(t)
      const failing = open({ ...QUICK, retry: { maxAttempts: 3, baseDelayMs: 1 } })
      emulator.faults.inject(fault)
      const source = Readable.from([BYTES.subarray(0, 2 * PART), BYTES.subarray(2 * PART)])
      const upload = failing.createUploadStream('k', { partSize: PART, concurrency: 2 })
      const error = await pipeline(source, upload).then(
        () => assert.fail('it must fail'),
        (thrown: unknown) => thrown,
      )
      assert.ok(error instanceof UploadError, String(error))
      assert.equal(error.code, code)
      assert.equal(error.key, 'k')
      assert.ok(error.attempts !== undefined && error.attempts >= 1)
      assert.ok(error.elapsedMs !== undefined)
      if (error.status !== undefined) assert.match(error.message, /request ID/)
      await assert.rejects(upload.done, error)
      assert.equal(source.destroyed, true)
      emulator.faults.clear()
      assert.equal(await exists(store, 'k'), false)
      assert.deepEqual(await unfinishedUploads(store), [])
      assert.doesNotMatch(`${JSON.stringify(error)} ${String(error.stack)}`, secretsOf(emulator.credentials))
    })
  }

  it('when one part fails while others are in flight: they are cancelled first', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    emulator.faults.inject({
      match: { operation: 'UploadPart', partNumber: 2 },
      action: { type: 'error', status: 403, code: 'AccessDenied' },
    })
    for (const partNumber of [1, 3, 4]) {
      emulator.faults.inject({
        match: { operation: 'UploadPart', partNumber },
        action: { type: 'stall', at: 'uncommitted' },
      })
    }
    const upload = store.createUploadStream('k', { partSize: PART, concurrency: 4 })
    upload.write(BYTES)
    await assert.rejects(upload.done, { code: 'ACCESS_DENIED', partNumber: 2 })
    upload.on('error', () => undefined)
    assert.deepEqual(await unfinishedUploads(store), [])
    assert.equal(emulator.requests.at(-2)?.operation, 'AbortMultipartUpload')
  })

  it('when it is aborted while Complete is in flight, and the object is complete or absent', async (t) => {
    for (const at of ['uncommitted', 'committed'] as const) {
      const { emulator, store } = await emulatedStore(t)
      emulator.faults.inject(on('CompleteMultipartUpload', { type: 'stall', at }))
      const controller = new AbortController()
      const upload = store.createUploadStream('k', { partSize: PART, signal: controller.signal })
      upload.end(BYTES)
      while (!emulator.requests.some(({ operation }) => operation === 'CompleteMultipartUpload')) {
        await new Promise((resolve) => setTimeout(resolve, 5))
        if (emulator.faults.pending().length === 0) break
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
      controller.abort()
      await assert.rejects(upload.done, { code: 'ABORTED' })
      upload.on('error', () => undefined)
      assert.deepEqual(await unfinishedUploads(store), [])
      if (await exists(store, 'k')) assert.deepEqual(await readAll((await store.get('k')).body), BYTES)
      else assert.equal(at, 'uncommitted')
    }
  })

  it('when the abort itself fails at first', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    emulator.faults.inject({ match: { operation: 'AbortMultipartUpload' }, times: 3, action: error500(false) })
    const upload = store.createUploadStream('k', { partSize: PART })
    upload.write(BYTES)
    await once(upload, 'part')
    upload.destroy(new Error('enough'))
    await assert.rejects(upload.done, /enough/)
    upload.on('error', () => undefined)
    assert.deepEqual(await unfinishedUploads(store), [])
  })

  it('but names the upload when it cannot be aborted, beside the first error', async (t) => {
    const { emulator, open } = await emulatedStore(t)
    const store = open({ retry: { maxAttempts: 2, baseDelayMs: 1 } })
    emulator.faults.inject({ match: { operation: 'AbortMultipartUpload' }, times: Infinity, action: error500(false) })
    const upload = store.createUploadStream('k', { partSize: PART })
    upload.write(BYTES)
    await once(upload, 'part')
    const { uploadId } = upload
    const first = new Error('enough')
    upload.destroy(first)
    const [error] = (await once(upload, 'error')) as [Partial<UploadError>]
    assert.equal(error, first)
    assert.equal(error.uploadId, uploadId)
    assert.match(String(error.cleanupError?.message), /AbortMultipartUpload .*failed after 2 attempts/)
    emulator.faults.clear()
    await store.abortMultipartUpload({ key: 'k', uploadId: uploadId! })
    assert.deepEqual(await unfinishedUploads(store), [])
  })
})

describe('existing content stays', () => {
  it('when the upload fails, or may not overwrite', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const put = (text: string | Buffer, options?: UploadOptions) =>
      pipeline(Readable.from([text]), store.createUploadStream('k', { partSize: PART, ...options }))
    await put('first')
    await assert.rejects(put('second', { forbidOverwrite: true }), { code: 'ALREADY_EXISTS' })
    await assert.rejects(put(BYTES, { forbidOverwrite: true }), { code: 'ALREADY_EXISTS' })
    emulator.faults.inject(on('UploadPart', { type: 'error', status: 403, code: 'AccessDenied' }))
    await assert.rejects(put(BYTES), { code: 'ACCESS_DENIED' })
    assert.equal((await readAll((await store.get('k')).body)).toString(), 'first')
    assert.deepEqual(await unfinishedUploads(store), [])
  })

  it('when another writer was first while the parts were in flight', async (t) => {
    const { store } = await emulatedStore(t)
    const upload = store.createUploadStream('k', { partSize: PART, forbidOverwrite: true })
    upload.write(BYTES)
    await once(upload, 'part')
    await pipeline(Readable.from(['somebody else']), store.createUploadStream('k'))
    upload.end()
    await assert.rejects(upload.done, { code: 'ALREADY_EXISTS' })
    upload.on('error', () => undefined)
    assert.equal((await readAll((await store.get('k')).body)).toString(), 'somebody else')
  })

  it('when the store holds something else than was sent: the error has both values', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    emulator.faults.inject(on('CompleteMultipartUpload', { type: 'wrong-checksum', crc64: '12345' }))
    const upload = store.createUploadStream('k', { partSize: PART })
    upload.end(BYTES)
    await assert.rejects(upload.done, ({ code, message }: UploadError) => {
      assert.equal(code, 'CHECKSUM_MISMATCH')
      assert.match(message, /CRC-64 12345 .*CRC-64 \d{6,20} were sent/)
      return true
    })
    upload.on('error', () => undefined)
    assert.equal(await exists(store, 'k'), true)
  })
})

describe('a source', () => {
  it('that produces nothing is awaited, and reported', async (t) => {
    const { open } = await emulatedStore(t)
    const store = open({ timeouts: { answerMs: 50, stallMs: 50, connectMs: 500 } })
    const source = new PassThrough()
    const upload = store.createUploadStream('k', { partSize: PART })
    const piped = pipeline(source, upload)
    source.write(BYTES)
    await new Promise((resolve) => setTimeout(resolve, 300))
    const { waitingFor, sourceIdleMs } = upload.progress
    assert.equal(waitingFor, 'source')
    assert.ok(sourceIdleMs >= 100)
    source.end('late')
    await piped
    assert.equal((await upload.done).size, BYTES.length + 4)
  })
})

describe('credentials that change while parts are in flight', () => {
  it('are requested once, and the upload continues under its ID', async (t) => {
    let current = 'first'
    let asked = 0
    const { store } = await emulatedStore(t, {
      emulator: {
        credentials: (id) => ({
          accessKeySecret: `secret-of-${id}`,
          securityToken: `token-${id}`,
          expired: id !== current,
        }),
      },
      store: {
        credentials: () => {
          asked += 1
          const id = current
          const expiration = new Date(Date.now() + 3_600_000)
          return {
            accessKeyId: id,
            accessKeySecret: `secret-of-${id}`,
            securityToken: `token-${id}`,
            expiration,
          }
        },
      },
    })
    const upload = store.createUploadStream('k', { partSize: PART, concurrency: 5 })
    upload.write(BYTES.subarray(0, 2 * PART))
    const [uploadId] = (await once(upload, 'initiated')) as [string]
    await once(upload, 'part')
    current = 'second'
    upload.end(BYTES.subarray(2 * PART))
    assert.equal((await upload.done).uploadId, uploadId)
    assert.equal(asked, 2)
  })
})

function secretsOf({ accessKeySecret }: { accessKeySecret: string }): RegExp {
  return new RegExp(`${accessKeySecret}|Signature=|authorization`, 'i')
}
