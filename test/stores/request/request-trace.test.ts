import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { tracingChannel } from 'node:diagnostics_channel'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { type RequestTrace, traceRequest } from '../../../src/stores/request/request-trace.js'
import { UploadError } from '../../../src/shared/errors.js'
import { readAll, someBytes } from '../../support/bytes.js'
import {
  bodyOf,
  CREDENTIALS,
  refusal,
  rejection,
  reset,
  scriptedService,
  storedReply,
} from '../../support/scripted-service.js'
import { ended, listenTo } from '../../support/trace-listener.js'

const NAME = 'oss-upload-stream:request'
const PART = { key: 'a key', uploadId: 'U', partNumber: 3 }
const BYTES = someBytes(1000)

/** What can be compared: a time cannot. */
function factsOf({ elapsedMs, error, ...facts }: RequestTrace): object {
  assert.ok(elapsedMs !== undefined && elapsedMs >= 0)
  return error === undefined ? facts : { ...facts, code: (error as UploadError).code }
}

describe('the tracing channel of requests', () => {
  it('reports every attempt, with what is known of it', async (t) => {
    const service = await scriptedService(t)
    service.script(refusal(503, 'ServiceUnavailable'), reset, storedReply(BYTES, { 'x-oss-request-id': 'R3' }))
    const messages = listenTo<RequestTrace>(t, NAME)
    await service.api.uploadPart({ ...PART, body: bodyOf(BYTES) }, {}, {})
    const common = { provider: 'oss', bucket: 'bucket', operation: 'UploadPart', method: 'PUT', size: 1000, ...PART }
    assert.deepEqual(ended(messages).map(factsOf), [
      { ...common, attempt: 1, status: 503, code: 'THROTTLED' },
      { ...common, attempt: 2, code: 'NETWORK' },
      { ...common, attempt: 3, status: 200, requestId: 'R3' },
    ])
    assert.deepEqual(
      messages.map(({ phase }) => phase),
      [1, 2]
        .flatMap(() => ['start', 'end', 'error', 'asyncStart', 'asyncEnd'])
        .concat('start', 'end', 'asyncStart', 'asyncEnd'),
    )
  })

  it('reports calls to the bucket, and objects that are read', async (t) => {
    const service = await scriptedService(t)
    service.script(
      { body: 'bytes', headers: { etag: '"E"', 'content-length': '5', 'x-oss-request-id': 'R' } },
      refusal(404, 'NoSuchKey'),
    )
    const messages = listenTo<RequestTrace>(t, NAME)
    const { body } = await service.api.getObject('k', undefined, {})
    assert.equal((await readAll(body)).toString(), 'bytes')
    await rejection(service.api.listMultipartUploads({}, {}))
    assert.deepEqual(
      ended(messages).map(({ operation, key, status, size }) => ({ operation, key, status, size })),
      [
        { operation: 'GetObject', key: 'k', status: 200, size: 0 },
        { operation: 'ListMultipartUploads', key: undefined, status: 404, size: 0 },
      ],
    )
  })

  it('has no secret in any message, not even one that the service repeats', async (t) => {
    const service = await scriptedService(t)
    service.script(({ headers }) =>
      refusal(403, 'AccessDenied', {
        message: `${String(headers.authorization)} ${CREDENTIALS.accessKeySecret} ${CREDENTIALS.securityToken}`,
      }),
    )
    const messages = listenTo<RequestTrace>(t, NAME)
    await rejection(service.api.uploadPart({ ...PART, body: bodyOf(BYTES) }, {}, {}))
    const text = inspect(messages, { depth: Infinity, showHidden: true })
    assert.match(text, /AccessDenied/)
    const [request] = service.requests
    const signature = /Signature=(\w+)/.exec(String(request?.headers.authorization))?.[1]
    assert.ok(signature)
    for (const secret of [CREDENTIALS.accessKeySecret, CREDENTIALS.securityToken, signature]) {
      assert.ok(!text.includes(secret))
    }
  })

  it('reports credentials that cannot be had', async (t) => {
    const service = await scriptedService(t, {
      credentials: () => Promise.reject(new Error('the vault is closed')),
      retry: { maxAttempts: 1 },
    })
    const messages = listenTo<RequestTrace>(t, NAME)
    await rejection(service.api.headObject('k', {}))
    const [trace] = ended(messages)
    assert.ok(trace?.error instanceof UploadError)
    assert.equal(trace.error.code, 'CREDENTIALS_FAILED')
    assert.equal(trace.status, undefined)
  })

  it('carries what a listener binds to it through the request', async (t) => {
    const service = await scriptedService(t, {
      credentials: () => {
        spans.push(storage.getStore())
        return CREDENTIALS
      },
    })
    const storage = new AsyncLocalStorage<string>()
    const spans: (string | undefined)[] = []
    const { start } = tracingChannel<string, RequestTrace>(NAME)
    start.bindStore(storage, ({ operation, attempt }) => `${operation} ${attempt}`)
    t.after(() => start.unbindStore(storage))
    service.script(refusal(500, 'InternalError'), storedReply(BYTES))
    await service.api.uploadPart({ ...PART, body: bodyOf(BYTES) }, {}, {})
    assert.deepEqual(spans, ['UploadPart 1', 'UploadPart 2'])
  })

  it('costs nothing without a subscriber', async () => {
    const unwanted = (): never => assert.fail('nobody asked for it')
    assert.equal(await traceRequest(unwanted, () => Promise.resolve(5), unwanted, unwanted), 5)
    await assert.rejects(
      traceRequest(unwanted, () => Promise.reject(new RangeError('x')), unwanted, unwanted),
      RangeError,
    )
  })
})
