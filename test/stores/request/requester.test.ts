import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { inspect } from 'node:util'
import type { RetryOptions } from '../../../src/shared/backoff.js'
import { UploadError, type UploadErrorCode } from '../../../src/shared/errors.js'
import type { AwayNotice, BackNotice, CallContext, RetryNotice } from '../../../src/stores/store-driver.js'
import { someBytes } from '../../support/bytes.js'
import { uploadError } from '../../support/errors.js'
import {
  bodyOf,
  CREDENTIALS,
  refusal,
  rejection,
  type Reply,
  reset,
  type ScriptedService,
  scriptedService,
  type Step,
  storedReply,
} from '../../support/scripted-service.js'
import { until } from '../../support/until.js'

const PART = { key: 'a key', uploadId: 'U', partNumber: 3 }

function uploadPart(
  service: ScriptedService,
  bytes: Uint8Array = someBytes(1000),
  context: CallContext = {},
): Promise<unknown> {
  return service.api.uploadPart({ ...PART, body: bodyOf(bytes) }, {}, context)
}

/** The notices of retries, and what the context counts. */
function watched(more: CallContext = {}) {
  const seen = { retries: [] as RetryNotice[], sent: 0, outcomesUnknown: 0 }
  const context: CallContext = {
    onRetry: (retry) => seen.retries.push(retry),
    onSent: (bytes) => (seen.sent += bytes),
    onOutcomeUnknown: () => (seen.outcomesUnknown += 1),
    ...more,
  }
  return { seen, context }
}

async function failed(promise: Promise<unknown>): Promise<UploadError> {
  const error = await rejection(promise)
  assert.ok(error instanceof UploadError, inspect(error))
  return error
}

describe('a call', () => {
  it('reports when the service refuses or delays requests because there are too many', async (t) => {
    const service = await scriptedService(t)
    const bytes = someBytes(1000)
    const slow = { 'x-oss-qos-delay-time': '120' }
    const reported: string[] = []
    for (const [steps, expected] of [
      [
        [refusal(503, 'SlowDown'), refusal(429, 'TooManyRequests'), storedReply(bytes, slow)],
        'refused refused delayed',
      ],
      [[refusal(500, 'InternalError'), storedReply(bytes, { 'x-oss-qos-delay-time': '0' })], ''],
    ] as const) {
      service.script(...steps)
      await uploadPart(service, bytes, { onThrottled: (how) => reported.push(how) })
      assert.equal(reported.splice(0).join(' '), expected)
    }
  })

  it('is tried again after a failure of the service, whole and freshly signed', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: Date.UTC(2026, 0, 2, 3, 4, 5) })
    const service = await scriptedService(t)
    const bytes = someBytes(100_000)
    const later = (reply: Reply) => () => {
      t.mock.timers.setTime(Date.now() + 1000)
      return reply
    }
    service.script(later(refusal(500, 'InternalError')), later(refusal(502, 'X')), storedReply(bytes))
    const { seen, context } = watched()
    assert.deepEqual(await uploadPart(service, bytes, context), { etag: '"E"' })
    assert.equal(service.requests.length, 3)
    for (const request of service.requests) assert.ok(request.body.equals(bytes))
    assert.deepEqual(
      service.requests.map(({ headers }) => headers['x-oss-date']),
      ['20260102T030405Z', '20260102T030406Z', '20260102T030407Z'],
    )
    assert.equal(new Set(service.requests.map(({ headers }) => headers.authorization)).size, 3)
    assert.equal(seen.sent, bytes.length)
    assert.equal(seen.outcomesUnknown, 2)
    assert.deepEqual(
      seen.retries.map(({ operation, partNumber, attempt, outcomeUnknown }) => [
        operation,
        partNumber,
        attempt,
        outcomeUnknown,
      ]),
      [
        ['UploadPart', 3, 1, true],
        ['UploadPart', 3, 2, true],
      ],
    )
    assert.match(seen.retries[0]!.reason, /^500 InternalError: as it is$/)
  })

  it('fails with all that is known when its attempts are used up', async (t) => {
    const service = await scriptedService(t, { retry: { maxAttempts: 3 } })
    service.script(...Array.from({ length: 3 }, () => refusal(500, 'InternalError')))
    const { seen, context } = watched()
    const error = await failed(uploadPart(service, undefined, context))
    assert.equal(service.requests.length, 3)
    assert.equal(seen.sent, 0)
    assert.equal(seen.retries.length, 2)
    const { elapsedMs, ...facts } = Object.fromEntries(Object.entries(error)) as Record<string, unknown>
    assert.ok(Number.isSafeInteger(elapsedMs))
    assert.deepEqual(facts, {
      name: 'UploadError',
      code: 'SERVICE_FAILED',
      retryable: true,
      status: 500,
      serviceCode: 'InternalError',
      requestId: 'id-of-InternalError',
      ec: '0001-00000001',
      bucket: 'bucket',
      key: 'a key',
      uploadId: 'U',
      partNumber: 3,
      attempts: 3,
      outcomeUnknown: true,
    })
    assert.match(
      error.message,
      /^UploadPart of part 3 for "a key" failed after 3 attempts in \d+\.\d s: 500 InternalError: as it is \(request ID id-of-InternalError, EC 0001-00000001\)$/,
    )
  })

  const verdicts: readonly [reply: Reply, code: UploadErrorCode, isTriedAgain: boolean, outcomeUnknown: boolean][] = [
    [refusal(400, 'InvalidArgument'), 'REJECTED', false, false],
    [refusal(400, 'EntityTooSmall'), 'REJECTED', false, false],
    [refusal(400, 'RequestTimeout'), 'TIMEOUT', true, false],
    [refusal(400, 'BadRequest'), 'REJECTED', true, false],
    [refusal(400, 'InvalidDigest'), 'REJECTED', true, false],
    [refusal(403, 'AccessDenied'), 'ACCESS_DENIED', false, false],
    [refusal(403, 'SignatureDoesNotMatch'), 'ACCESS_DENIED', false, false],
    [refusal(404, 'NoSuchBucket'), 'NOT_FOUND', false, false],
    [refusal(404, 'NoSuchUpload'), 'NO_SUCH_UPLOAD', false, false],
    [refusal(404, 'NoSuchKey'), 'NO_SUCH_UPLOAD', false, false],
    [{ status: 404 }, 'NOT_FOUND', false, false],
    [refusal(409, 'FileAlreadyExists'), 'ALREADY_EXISTS', false, false],
    [refusal(409, 'FileImmutable'), 'REJECTED', false, false],
    [refusal(412, 'PreconditionFailed'), 'REJECTED', false, false],
    [{ status: 408 }, 'REJECTED', true, false],
    [{ status: 429 }, 'THROTTLED', true, false],
    [{ status: 301, headers: { location: 'http://127.0.0.1:1/' } }, 'REJECTED', false, false],
    [{ status: 307, headers: { location: 'http://127.0.0.1:1/' } }, 'REJECTED', false, false],
    [{ status: 503 }, 'SERVICE_FAILED', true, true],
    [refusal(503, 'ServiceUnavailable'), 'THROTTLED', true, false],
    [refusal(503, 'TotalQpsLimitExceeded'), 'THROTTLED', true, false],
    [refusal(503, 'UploadTrafficRateLimitExceeded'), 'THROTTLED', true, false],
    [{ status: 502, body: '<html>bad gateway</html>' }, 'SERVICE_FAILED', true, true],
    [refusal(200, 'InternalError'), 'SERVICE_FAILED', true, true],
    [refusal(200, 'AccessDenied'), 'SERVICE_FAILED', false, true],
  ]
  for (const [reply, code, isTriedAgain, outcomeUnknown] of verdicts) {
    const what = `${reply.status ?? 200} ${/<Code>(.*)<\/Code>/.exec(reply.body ?? '')?.[1] ?? 'without a code'}`
    it(`${isTriedAgain ? 'is tried again' : 'fails at once'} with ${code} after ${what}`, async (t) => {
      const service = await scriptedService(t, { retry: { maxAttempts: 2 } })
      service.script(reply, reply)
      const error = await failed(uploadPart(service))
      assert.equal(error.code, code)
      assert.equal(error.attempts, isTriedAgain ? 2 : 1)
      assert.equal(service.requests.length, error.attempts)
      assert.equal(error.retryable, isTriedAgain)
      assert.equal(error.outcomeUnknown ?? false, outcomeUnknown)
    })
  }

  it('is tried again over a new connection when its own breaks', async (t) => {
    const service = await scriptedService(t)
    const bytes = someBytes(1000)
    service.script(reset, reset, storedReply(bytes))
    const { seen, context } = watched()
    await uploadPart(service, bytes, context)
    assert.equal(seen.retries.length, 2)
    assert.equal(seen.sent, bytes.length)
  })

  it('says NETWORK, and that it may have arrived, when every connection breaks', async (t) => {
    const service = await scriptedService(t, { retry: { maxAttempts: 2 } })
    service.script(reset, reset)
    const error = await failed(uploadPart(service))
    assert.equal(error.code, 'NETWORK')
    assert.equal(error.outcomeUnknown, true)
    assert.ok(error.cause instanceof Error)
  })

  it('says TIMEOUT when no response comes', async (t) => {
    const service = await scriptedService(t, { retry: { maxAttempts: 2 }, timeouts: { answerMs: 40 } })
    service.script(
      () => undefined,
      () => undefined,
    )
    const error = await failed(uploadPart(service))
    assert.equal(error.code, 'TIMEOUT')
    assert.equal(error.attempts, 2)
  })

  it('waits for each response no longer than its call may, however patient the store is', async (t) => {
    const service = await scriptedService(t)
    const { seen, context } = watched({ attemptMs: 40 })
    service.script(() => undefined, { status: 204 })
    await service.api.abortMultipartUpload(PART, context)
    assert.deepEqual(
      seen.retries.map(({ reason }) => reason.includes('within 40 ms')),
      [true],
    )
    assert.equal(service.requests.length, 2)
  })

  it('remembers that an earlier attempt may have arrived', async (t) => {
    const service = await scriptedService(t)
    service.script(refusal(500, 'InternalError'), refusal(403, 'AccessDenied'))
    const { seen, context } = watched()
    const error = await failed(uploadPart(service, undefined, context))
    assert.equal(error.code, 'ACCESS_DENIED')
    assert.equal(error.outcomeUnknown, true)
    assert.equal(seen.outcomesUnknown, 1)
  })

  it('starts no attempt after its total time', async (t) => {
    const service = await scriptedService(t, { retry: { totalMs: 0 } })
    service.script(refusal(500, 'InternalError'))
    assert.equal((await failed(uploadPart(service))).attempts, 1)
    service.script(refusal(500, 'InternalError'))
    const limited = uploadPart(service, undefined, { retryTotalMs: 0 })
    assert.equal((await failed(limited)).attempts, 1)
    assert.equal(service.requests.length, 2)
  })

  it('is not sent when the store is closed', async (t) => {
    const service = await scriptedService(t)
    await service.api.close()
    await assert.rejects(uploadPart(service), uploadError('CLOSED', 'the store is closed', 'part 3'))
    assert.equal(service.requests.length, 0)
  })

  it('is not tried again once the store is closed, and says what may have happened', async (t) => {
    const service = await scriptedService(t)
    service.script(refusal(500, 'InternalError'))
    const error = await failed(uploadPart(service, undefined, { onRetry: () => void service.api.close() }))
    assert.equal(error.code, 'CLOSED')
    assert.equal(error.attempts, 1)
    assert.equal(error.outcomeUnknown, true)
  })
})

describe('the delay before another attempt', () => {
  /** The delay that a service of its own makes a call announce after `step`; the call ends there. */
  async function delayAfter(t: TestContext, retry: Partial<RetryOptions>, step: Step): Promise<number> {
    const service = await scriptedService(t, { retry })
    service.script(step)
    const cancel = new AbortController()
    let delayMs = -1
    const context: CallContext = {
      signal: cancel.signal,
      onRetry: (notice) => {
        delayMs = notice.delayMs
        cancel.abort()
      },
    }
    await assert.rejects(uploadPart(service, undefined, context), uploadError('ABORTED'))
    return delayMs
  }

  it('is drawn from the upper half of the bound', async (t) => {
    const retry = { baseDelayMs: 1000, maxDelayMs: 20_000 }
    const random = t.mock.method(Math, 'random', () => 0.25)
    for (const step of [refusal(500, 'InternalError'), refusal(503, 'QpsLimitExceeded'), { status: 429 }]) {
      assert.equal(await delayAfter(t, retry, step), 625)
    }
    assert.ok(random.mock.callCount() >= 3)
  })

  it('follows Retry-After, in seconds or as a date', async (t) => {
    for (const status of [429, 500, 503]) {
      assert.equal(await delayAfter(t, {}, { status, headers: { 'retry-after': '7' } }), 7000)
    }
    const date = new Date(Date.now() + 30_000).toUTCString()
    const delayMs = await delayAfter(t, {}, { status: 503, headers: { 'retry-after': date } })
    assert.ok(delayMs > 20_000 && delayMs <= 30_000, String(delayMs))
  })

  it('is never longer than two minutes because of Retry-After', async (t) => {
    for (const value of ['86400', '9'.repeat(30), new Date(Date.now() + 1e10).toUTCString()]) {
      const step = { status: 503, headers: { 'retry-after': value } }
      assert.equal(await delayAfter(t, { totalMs: 1e9 }, step), 120_000)
    }
  })

  it('is never shorter than by its own rule because of Retry-After', async (t) => {
    t.mock.method(Math, 'random', () => 0.5)
    for (const value of ['0', 'soon', '-5', '1e3', new Date(0).toUTCString()]) {
      const step = { status: 500, headers: { 'retry-after': value } }
      assert.equal(await delayAfter(t, { baseDelayMs: 1000, maxDelayMs: 1000 }, step), 750)
    }
  })

  it('ends the call at once where the total time would be over by then', async (t) => {
    const service = await scriptedService(t, { retry: { totalMs: 5000 } })
    service.script({ status: 503, headers: { 'retry-after': '10' } })
    assert.equal((await failed(uploadPart(service))).attempts, 1)
  })
})

describe('a call during an outage', () => {
  const QUICK = { maxAttempts: undefined, baseDelayMs: 1, maxDelayMs: 2 }
  const times = (count: number, step: Step) => Array.from({ length: count }, () => step)

  for (const [what, step] of [
    ['breaks its connections', reset],
    ['fails', refusal(500, 'InternalError')],
    ['is not there', refusal(503, 'ServiceUnavailable')],
    ['throttles', { status: 429 }],
    ['receives no body', refusal(400, 'RequestTimeout')],
  ] as const) {
    it(`is tried until the service is back, however often, when the service ${what}`, async (t) => {
      const service = await scriptedService(t, { retry: QUICK })
      service.script(...times(20, step), storedReply(someBytes(1000)))
      await uploadPart(service)
      assert.equal(service.requests.length, 21)
    })
  }

  it('is tried a number of times where waiting does not help', async (t) => {
    const service = await scriptedService(t, { retry: QUICK })
    service.script(...times(20, refusal(400, 'BadDigest')))
    assert.equal((await failed(uploadPart(service))).attempts, 8)
  })

  it('fails when its patience is over, sooner before an upload was initiated', async (t) => {
    const service = await scriptedService(t, { retry: { ...QUICK, totalMs: 60_000, startMs: 30 } })
    let failures = 0
    const step: Step = ({ method }) => {
      if (method === 'HEAD') return { status: 500 }
      return (failures += 1) > 100 ? storedReply(someBytes(1000)) : refusal(500, 'InternalError')
    }
    service.script(...times(5000, step))
    assert.equal((await failed(service.api.headObject('a key', {}))).code, 'SERVICE_FAILED')
    await uploadPart(service)
    assert.equal((await failed(service.api.headObject('a key', {}))).code, 'SERVICE_FAILED')
  })

  it('waits while another one finds out, and counts no attempt for that', async (t) => {
    const service = await scriptedService(t, { retry: { ...QUICK, baseDelayMs: 5, maxDelayMs: 5 } })
    let failures = 60
    const step: Step = () => ((failures -= 1) >= 0 ? refusal(500, 'InternalError') : storedReply(someBytes(1000)))
    service.script(...times(100, step))
    const attempts = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const { seen, context } = watched()
        await uploadPart(service, undefined, context)
        return seen.retries.length
      }),
    )
    // All fail once. Then one at a time.
    assert.equal(
      attempts.reduce((sum, retries) => sum + retries),
      60,
    )
    assert.equal(service.requests.length, 80)
  })

  it('reports once for all calls that belong together that the service is away, and that it is back', async (t) => {
    const service = await scriptedService(t, { retry: QUICK })
    const notices: string[] = []
    const outageObserver = {
      away: ({ reason, until }: AwayNotice) => {
        notices.push(`away: ${reason}`)
        assert.ok(until.getTime() > Date.now())
      },
      back: ({ awayMs }: BackNotice) => {
        notices.push('back')
        assert.ok(awayMs >= 0)
      },
    }
    let failures = 12
    const step: Step = () => ((failures -= 1) >= 0 ? refusal(500, 'InternalError') : storedReply(someBytes(1000)))
    service.script(...times(100, step))
    await Promise.all(Array.from({ length: 5 }, () => uploadPart(service, undefined, { outageObserver })))
    assert.deepEqual(notices, ['away: 500 InternalError: as it is', 'back'])
  })

  it('ends at once by its signal, and when the store is closed', async (t) => {
    const service = await scriptedService(t, { retry: { ...QUICK, baseDelayMs: 60_000, maxDelayMs: 60_000 } })
    const cancel = new AbortController()
    service.script(...times(4, refusal(500, 'InternalError')))
    let retries = 0
    const context = { signal: cancel.signal, onRetry: () => void (retries += 1) }
    const others = Array.from({ length: 3 }, () => uploadPart(service, undefined, context))
    await until(() => retries === 3)
    const closed = failed(uploadPart(service))
    const aborted = others.map((call) => failed(call))
    cancel.abort()
    for (const { code } of await Promise.all(aborted)) assert.equal(code, 'ABORTED')
    await service.api.close()
    const { code, attempts } = await closed
    assert.deepEqual([code, attempts], ['CLOSED', undefined])
  })
})

describe('a signal', () => {
  it('that was aborted lets nothing be sent', async (t) => {
    const service = await scriptedService(t)
    const cause = new Error('enough')
    const error = await failed(uploadPart(service, undefined, { signal: AbortSignal.abort(cause) }))
    assert.equal(error.code, 'ABORTED')
    assert.equal(error.cause, cause)
    assert.equal(error.outcomeUnknown, undefined)
    assert.equal(service.requests.length, 0)
  })

  it('ends a request in flight, which may have arrived', async (t) => {
    const service = await scriptedService(t)
    const cancel = new AbortController()
    service.script(() => {
      cancel.abort()
      return undefined
    })
    const { seen, context } = watched({ signal: cancel.signal })
    const error = await failed(uploadPart(service, undefined, context))
    assert.equal(error.code, 'ABORTED')
    assert.equal(error.outcomeUnknown, true)
    assert.equal(seen.outcomesUnknown, 1)
    assert.equal(seen.sent, 0)
  })

  it('ends the waiting for another attempt', async (t) => {
    const service = await scriptedService(t, { retry: { baseDelayMs: 60_000, maxDelayMs: 60_000, totalMs: 1e9 } })
    t.mock.method(Math, 'random', () => 0.9)
    const cancel = new AbortController()
    service.script(refusal(500, 'InternalError'))
    const context = { signal: cancel.signal, onRetry: () => setImmediate(() => cancel.abort()) }
    const error = await failed(uploadPart(service, undefined, context))
    assert.equal(error.code, 'ABORTED')
    assert.equal(error.attempts, 1)
    assert.equal(error.outcomeUnknown, true)
  })

  it('for retries lets the attempt in flight finish, and starts no other', async (t) => {
    const service = await scriptedService(t)
    const bytes = someBytes(10)
    const cancel = new AbortController()
    const abortAnd = (reply: Reply) => () => {
      cancel.abort()
      return reply
    }
    service.script(abortAnd(storedReply(bytes)))
    assert.deepEqual(await uploadPart(service, bytes, { retrySignal: cancel.signal }), { etag: '"E"' })
    const late = new AbortController()
    service.script(() => {
      late.abort()
      return refusal(500, 'InternalError')
    })
    const error = await failed(uploadPart(service, bytes, { retrySignal: late.signal }))
    assert.equal(error.code, 'SERVICE_FAILED')
    assert.equal(service.requests.length, 2)
  })

  it('ends the waiting for credentials that never come', async (t) => {
    let answer: (credentials: typeof CREDENTIALS) => void = () => undefined
    const service = await scriptedService(t, { credentials: () => new Promise((resolve) => (answer = resolve)) })
    const cancel = new AbortController()
    const call = uploadPart(service, undefined, { signal: cancel.signal })
    cancel.abort()
    const error = await failed(call)
    answer(CREDENTIALS)
    assert.equal(error.code, 'ABORTED')
    assert.equal(error.outcomeUnknown, undefined)
  })
})

describe('a clock that is wrong', () => {
  const HOUR = 3_600_000

  /** Refuses dates more than a quarter of an hour from its own. */
  function serviceAt(offsetMs: number): Step {
    return ({ headers }, response) => {
      const now = Date.now() + offsetMs
      const text = String(headers['x-oss-date']).replace(/(....)(..)(..T..)(..)/, '$1-$2-$3:$4:')
      response.setHeader('date', new Date(now).toUTCString())
      if (Math.abs(Date.parse(text) - now) < HOUR / 4) return storedReply(someBytes(10))
      return refusal(403, 'RequestTimeTooSkewed')
    }
  }

  for (const offsetMs of [20 * HOUR, -20 * HOUR]) {
    it(`is set by the service's, once for all further calls (${offsetMs / HOUR} h)`, async (t) => {
      const service = await scriptedService(t)
      service.script(...Array.from({ length: 4 }, () => serviceAt(offsetMs)))
      await uploadPart(service, someBytes(10))
      assert.equal(service.requests.length, 2)
      await uploadPart(service, someBytes(10))
      await uploadPart(service, someBytes(10))
      assert.equal(service.requests.length, 4)
    })
  }

  it('is not set by a date that is years away, nor by a response of another server', async (t) => {
    const service = await scriptedService(t)
    const refused = { status: 403, body: '<Error><Code>RequestTimeTooSkewed</Code></Error>' }
    for (const [reply, date] of [
      [refusal(403, 'RequestTimeTooSkewed'), 'Fri, 01 Jan 275760 00:00:00 GMT'],
      [refusal(403, 'RequestTimeTooSkewed'), 'Fri, 01 Jan 1971 00:00:00 GMT'],
      [refused, new Date(Date.now() + 20 * HOUR).toUTCString()],
    ] as const) {
      service.script({ ...reply, headers: { date } })
      assert.equal((await failed(uploadPart(service))).attempts, 1)
      service.script(serviceAt(0))
      await uploadPart(service, someBytes(10))
    }
  })

  it('is set again when it is put right in between', async (t) => {
    const service = await scriptedService(t)
    service.script(serviceAt(HOUR), serviceAt(HOUR), serviceAt(0), serviceAt(0))
    await uploadPart(service, someBytes(10))
    await uploadPart(service, someBytes(10))
    assert.equal(service.requests.length, 4)
  })

  it('cannot be set if the response has no date', async (t) => {
    const service = await scriptedService(t)
    service.script((_request, response) => {
      response.sendDate = false
      return refusal(403, 'RequestTimeTooSkewed')
    })
    const error = await failed(uploadPart(service))
    assert.equal(error.code, 'ACCESS_DENIED')
    assert.equal(error.attempts, 1)
  })

  it('that the service never accepts ends with the attempts', async (t) => {
    const service = await scriptedService(t, { retry: { maxAttempts: 3 } })
    service.script(...Array.from({ length: 3 }, () => refusal(403, 'RequestTimeTooSkewed')))
    assert.equal((await failed(uploadPart(service))).attempts, 3)
  })
})

describe('credentials', () => {
  const REJECTIONS = [
    'SecurityTokenExpired',
    'InvalidSecurityToken',
    'InvalidAccessKeyId',
    'AccessKeyIdAndSecurityTokenNotMatch',
  ]

  function idOf(authorization: string | undefined): string | undefined {
    return /Credential=([^/]+)\//.exec(authorization ?? '')?.[1]
  }

  for (const code of REJECTIONS) {
    it(`are requested once when the service returns ${code}`, async (t) => {
      let asked = 0
      const credentials = () => {
        asked += 1
        return { accessKeyId: `id${asked}`, accessKeySecret: 's', expiration: Date.now() + 1e7 }
      }
      const service = await scriptedService(t, { credentials })
      service.script(refusal(403, code), storedReply(someBytes(10)))
      await uploadPart(service, someBytes(10))
      assert.deepEqual(
        service.requests.map(({ headers }) => idOf(headers.authorization)),
        ['id1', 'id2'],
      )
    })
  }

  it('are requested once for all parts in flight', async (t) => {
    let asked = 0
    const credentials = () => {
      asked += 1
      return Promise.resolve({ accessKeyId: `id${asked}`, accessKeySecret: 's', expiration: Date.now() + 1e7 })
    }
    const service = await scriptedService(t, { credentials })
    const byId: Step = ({ headers }) =>
      idOf(headers.authorization) === 'id1' ? refusal(403, 'SecurityTokenExpired') : storedReply(someBytes(10))
    service.script(...Array.from({ length: 10 }, () => byId))
    await Promise.all(Array.from({ length: 5 }, () => uploadPart(service, someBytes(10))))
    assert.equal(asked, 2)
    assert.equal(service.requests.length, 10)
  })

  it('that are the same as those rejected fail at once', async (t) => {
    for (const credentials of [
      CREDENTIALS,
      () => CREDENTIALS,
      () => ({ ...CREDENTIALS, expiration: Date.now() + 1e7 }),
    ]) {
      const service = await scriptedService(t, { credentials })
      service.script(refusal(403, 'SecurityTokenExpired'))
      const error = await failed(uploadPart(service))
      assert.equal(error.code, 'ACCESS_DENIED')
      assert.equal(error.attempts, 1)
    }
  })

  it('that are rejected right after they were renewed fail', async (t) => {
    let asked = 0
    const service = await scriptedService(t, {
      credentials: () => ({ accessKeyId: `id${(asked += 1)}`, accessKeySecret: 's' }),
    })
    service.script(refusal(403, 'InvalidAccessKeyId'), refusal(403, 'InvalidAccessKeyId'))
    assert.equal((await failed(uploadPart(service))).attempts, 2)
  })

  it('whose provider fails for a while are requested again', async (t) => {
    let asked = 0
    const credentials = () => {
      asked += 1
      if (asked === 1 || asked === 3) throw new Error('the provider is away')
      return { accessKeyId: `id${asked}`, accessKeySecret: 's', expiration: Date.now() + 1e7 }
    }
    const service = await scriptedService(t, { credentials })
    // Asked first: away. Then rejected, and away when it is asked for others.
    service.script(refusal(403, 'SecurityTokenExpired'), storedReply(someBytes(10)))
    await uploadPart(service, someBytes(10))
    assert.equal(asked, 4)
  })

  it('whose provider keeps failing fail with its error, all attempts reported', async (t) => {
    const cause = new Error('the provider is away')
    const service = await scriptedService(t, {
      credentials: () => Promise.reject(cause),
      retry: { maxAttempts: 3 },
    })
    const error = await failed(uploadPart(service))
    assert.equal(error.code, 'CREDENTIALS_FAILED')
    assert.equal(error.attempts, 3)
    assert.equal((error.cause as Error).message, cause.message)
    assert.equal(service.requests.length, 0)
  })

  it('that are half there fail at once', async (t) => {
    const service = await scriptedService(t, { credentials: () => ({ accessKeyId: 'id' }) as typeof CREDENTIALS })
    await assert.rejects(uploadPart(service), uploadError('MISSING_CREDENTIALS'))
    assert.equal(service.requests.length, 0)
  })

  for (const signatureVersion of [1, 4] as const) {
    it(`are in no error, even if the server repeats them (V${signatureVersion})`, async (t) => {
      const service = await scriptedService(t, { signatureVersion, retry: { maxAttempts: 2 } })
      const echo: Step = ({ headers }) => {
        const { authorization = '', 'x-oss-security-token': token = '' } = headers
        const all = `${'.'.repeat(450)} ${authorization} ${String(token)} ${CREDENTIALS.accessKeySecret} `
        return refusal(503, 'ServiceUnavailable', { message: all.repeat(2) })
      }
      const html: Step = ({ headers }) => ({ status: 502, body: JSON.stringify(headers) })
      const reasons: string[] = []
      for (const step of [echo, html]) {
        service.script(step, step)
        const call = uploadPart(service, undefined, { onRetry: ({ reason }) => reasons.push(reason) })
        const shown = inspect(await failed(call), { depth: 9 }) + reasons.join()
        const [signature] = /[^=:]+=?$/.exec(service.requests.at(-1)!.headers.authorization!)!
        for (const secret of [signature, CREDENTIALS.accessKeySecret, CREDENTIALS.securityToken]) {
          assert.equal(shown.includes(secret.slice(0, 16)), false, shown)
        }
      }
    })
  }
})
