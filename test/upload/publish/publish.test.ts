import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { UploadError, type UploadErrorCode } from '../../../src/shared/errors.js'
import type { CallContext, StoredObject } from '../../../src/stores/store-driver.js'
import { completeVerified, putVerified } from '../../../src/upload/publish/publish.js'
import { someBytes } from '../../support/bytes.js'
import { uploadError } from '../../support/errors.js'
import { lost, MemoryDriver, type Moment, type Verb } from '../../support/memory-driver.js'
import { bodyOf, rejection } from '../../support/scripted-service.js'

const KEY = 'k'
const OURS = someBytes(1000)
const OTHERS = someBytes(1000, 7)

interface Publication {
  verb: Verb
  publish: (driver: MemoryDriver, context?: CallContext) => Promise<StoredObject>
}

const PUBLICATIONS: readonly Publication[] = [
  {
    verb: 'put',
    publish: (driver, context = {}) => putVerified(driver, KEY, bodyOf(OURS), {}, context),
  },
  {
    verb: 'complete',
    publish: async (driver, context = {}) => {
      const uploadId = await driver.initiateMultipartUpload(KEY, {}, {})
      const body = bodyOf(OURS)
      const { etag } = await driver.uploadPart({ key: KEY, uploadId, partNumber: 1, body }, {}, {})
      const whole = { size: OURS.length, crc64: body.crc64 }
      return completeVerified(driver, { key: KEY, uploadId }, [{ partNumber: 1, etag }], whole, {}, context)
    },
  },
]

/** Fails the first call of that kind at that side of its effect. */
function failing(driver: MemoryDriver, verb: Verb, when: Moment['when'], error: Error): void {
  let isDone = false
  driver.on = (moment) => {
    if (isDone || moment.verb !== verb || moment.when !== when) return
    isDone = true
    throw error
  }
}

function failure(code: UploadErrorCode, details: { attempts?: number; outcomeUnknown?: boolean } = {}): UploadError {
  return new UploadError(code, 'as scripted', details)
}

/** The service's times of an object that was stored so long after now, by a clock that is a day behind. */
function storedAfter(ms: number): { answeredAt: Date; lastModified: Date } {
  const now = Date.now() - 24 * 60 * 60 * 1000
  return { answeredAt: new Date(now), lastModified: new Date(now + ms) }
}

/** The same bytes are there from before, and each request is lost before the service carries it out, so many times. */
function losing(verb: Verb, times: number): MemoryDriver {
  const driver = new MemoryDriver()
  driver.objects.set(KEY, { bytes: Buffer.from(OURS), crc64: bodyOf(OURS).crc64 })
  let left = times
  driver.on = (moment) => {
    if (moment.verb !== verb || moment.when !== 'before' || left === 0) return
    left -= 1
    throw lost()
  }
  return driver
}

for (const { verb, publish } of PUBLICATIONS) {
  describe(`publishing by ${verb}`, () => {
    it('is done when the response has our checksum', async () => {
      const driver = new MemoryDriver()
      const stored = await publish(driver)
      assert.equal(stored.requestId, 'R')
      assert.equal(driver.count('head'), 0)
      assert.ok(driver.objects.get(KEY)?.bytes.equals(OURS))
    })

    it('looks at the object when the response has no checksum', async () => {
      const driver = new MemoryDriver()
      driver.returnedCrc64 = () => undefined
      await publish(driver)
      assert.equal(driver.count('head'), 1)
    })

    for (const [what, returned] of [
      ['the answer', [12345n]],
      ['a look at the object', [undefined, 12345n]],
    ] as const) {
      it(`fails with both checksums when ${what} has another one, and deletes nothing`, async () => {
        const driver = new MemoryDriver()
        const left = [...returned]
        driver.returnedCrc64 = () => left.shift()
        const expected = uploadError('CHECKSUM_MISMATCH', '12345', String(bodyOf(OURS).crc64), 'left as it is')
        await assert.rejects(publish(driver), expected)
        assert.ok(driver.objects.has(KEY))
      })
    }

    for (const code of ['NETWORK', 'TIMEOUT', 'SERVICE_FAILED'] as const) {
      it(`is done when the response was lost (${code}) but the object exists`, async () => {
        const driver = new MemoryDriver()
        driver.returnedTimes = storedAfter(5000)
        failing(driver, verb, 'after', lost(code))
        const stored = await publish(driver)
        assert.equal(stored.requestId, 'head')
        assert.equal(driver.count(verb), 1)
      })

      it(`fails when the request was lost (${code}) and the object does not exist`, async () => {
        const driver = new MemoryDriver()
        const error = lost(code)
        failing(driver, verb, 'before', error)
        assert.equal(await rejection(publish(driver)), error)
        assert.equal(driver.count('head'), 1)
      })

      it(`fails when the request was lost (${code}) and another object exists`, async () => {
        const driver = new MemoryDriver()
        driver.objects.set(KEY, { bytes: OTHERS, crc64: 12345n })
        const error = lost(code)
        failing(driver, verb, 'before', error)
        assert.equal(await rejection(publish(driver)), error)
        assert.equal(driver.objects.get(KEY)?.bytes, OTHERS)
      })
    }

    it('does not accept an object without a checksum as ours if the response was lost', async () => {
      const driver = new MemoryDriver()
      driver.returnedCrc64 = () => undefined
      driver.objects.set(KEY, { bytes: OTHERS, crc64: undefined })
      const error = lost()
      failing(driver, verb, 'before', error)
      assert.equal(await rejection(publish(driver)), error)
    })

    it('fails with the first error when looking fails too', async () => {
      const driver = new MemoryDriver()
      const error = lost()
      driver.on = (moment) => {
        if (moment.verb === verb) throw error
        if (moment.verb === 'head') throw lost('TIMEOUT')
      }
      assert.equal(await rejection(publish(driver)), error)
    })

    it('does not look where the outcome is known', async () => {
      for (const code of ['ACCESS_DENIED', 'ALREADY_EXISTS', 'NO_SUCH_UPLOAD', 'REJECTED', 'CLOSED'] as const) {
        const driver = new MemoryDriver()
        const error = failure(code, { attempts: 1 })
        failing(driver, verb, 'before', error)
        assert.equal(await rejection(publish(driver)), error)
        assert.equal(driver.count('head'), 0)
      }
    })

    it('is done when a second attempt found the work of the first', async () => {
      for (const code of ['ALREADY_EXISTS', 'NO_SUCH_UPLOAD'] as const) {
        const driver = new MemoryDriver()
        failing(driver, verb, 'after', failure(code, { attempts: 2 }))
        await publish(driver)
        assert.equal(driver.count('head'), 1)
      }
    })

    it('does not call another object ours because a second attempt found one', async () => {
      const driver = new MemoryDriver()
      driver.objects.set(KEY, { bytes: OTHERS, crc64: 12345n })
      const error = failure('ALREADY_EXISTS', { attempts: 2, outcomeUnknown: true })
      failing(driver, verb, 'before', error)
      assert.equal(await rejection(publish(driver)), error)
    })

    it('is sent again when the same bytes were there before', async () => {
      const driver = losing(verb, 1)
      driver.returnedTimes = storedAfter(-60_000)
      assert.equal((await publish(driver)).requestId, 'R')
      assert.equal(driver.count(verb), 2)
      assert.equal(driver.uploads.size, 0)
    })

    it('fails when it was lost twice and the same bytes were there before', async () => {
      const driver = losing(verb, 2)
      driver.returnedTimes = storedAfter(-60_000)
      await assert.rejects(publish(driver), uploadError('NETWORK', 'the answer was lost'))
      assert.equal(driver.count(verb), 2)
    })

    it('says that the outcome is unknown when it was lost once and then refused', async () => {
      const driver = new MemoryDriver()
      driver.objects.set(KEY, { bytes: Buffer.from(OURS), crc64: bodyOf(OURS).crc64 })
      // Also where it is the caller's own error, of a callback.
      for (const refusal of [failure('REJECTED'), new Error('of the caller')]) {
        let requests = 0
        driver.on = (moment) => {
          if (moment.verb !== verb || moment.when !== 'before') return
          requests += 1
          throw requests === 1 ? lost() : refusal
        }
        const error = await rejection(publish(driver))
        assert.deepEqual([requests, error], [2, refusal])
        assert.equal((error as UploadError).outcomeUnknown, true)
      }
    })

    it('fails when the service refuses to replace the same bytes from before', async () => {
      const driver = losing(verb, 0)
      driver.returnedTimes = storedAfter(-60_000)
      const error = failure('ALREADY_EXISTS', { attempts: 2, outcomeUnknown: true })
      failing(driver, verb, 'before', error)
      assert.equal(await rejection(publish(driver)), error)
      assert.equal(driver.count(verb), 1)
    })

    it('is final where every attempt arrived damaged', async () => {
      const driver = new MemoryDriver()
      const error = failure('CHECKSUM_MISMATCH', { attempts: 8, outcomeUnknown: true })
      failing(driver, verb, 'after', error)
      assert.equal(await rejection(publish(driver)), error)
      assert.equal(driver.count('head'), 0)
    })

    it('says that the callback failed once it is sure that the object is stored', async () => {
      const driver = new MemoryDriver()
      const error = failure('CALLBACK_FAILED', { outcomeUnknown: true })
      failing(driver, verb, 'after', error)
      assert.equal(await rejection(publish(driver)), error)
      assert.equal(driver.count('head'), 1)
    })

    it('says that the object is another one rather than that the callback failed', async () => {
      const driver = new MemoryDriver()
      driver.objects.set(KEY, { bytes: OTHERS, crc64: 12345n })
      failing(driver, verb, 'before', failure('CALLBACK_FAILED', { outcomeUnknown: true }))
      await assert.rejects(publish(driver), uploadError('CHECKSUM_MISMATCH', '12345'))
    })

    it('does not look any more when the caller has aborted', async () => {
      const driver = new MemoryDriver()
      const cancel = new AbortController()
      driver.on = ({ verb: current }) => {
        if (current === verb) cancel.abort()
      }
      await assert.rejects(publish(driver, { signal: cancel.signal }), uploadError('ABORTED'))
      assert.equal(driver.count('head'), 0)
    })

    it('rethrows errors that are not failures of the store', async () => {
      const driver = new MemoryDriver()
      const error = new TypeError('a bug')
      failing(driver, verb, 'before', error)
      assert.equal(await rejection(publish(driver)), error)
      assert.equal(driver.count('head'), 0)
    })
  })
}

describe('publishing by put', () => {
  const [put] = PUBLICATIONS

  for (const [when, times] of [
    ['in the second in which it was sent', storedAfter(0)],
    ['at a time that the service does not return', undefined],
  ] as const) {
    it(`is sent again when the same bytes were stored ${when}`, async () => {
      const driver = losing('put', 1)
      driver.returnedTimes = times
      assert.equal((await put!.publish(driver)).requestId, 'R')
      assert.equal(driver.count('put'), 2)
    })
  }

  it('is sent again when the same bytes have other metadata', async () => {
    const driver = losing('put', 1)
    driver.returnedTimes = storedAfter(5000)
    driver.metadata = { origin: 'before' }
    await putVerified(driver, KEY, bodyOf(OURS), { metadata: { Origin: 'now' } }, {})
    assert.equal(driver.count('put'), 2)
  })
})

describe('publishing by complete', () => {
  it('is sent again if it is unknown whether the upload exists', async () => {
    const driver = losing('complete', 1)
    const { on } = driver
    driver.on = (moment) => {
      if (moment.verb === 'list') throw failure('ACCESS_DENIED')
      return on(moment)
    }
    await PUBLICATIONS[1]!.publish(driver)
    assert.equal(driver.count('complete'), 2)
  })

  it('is done when the one that was sent again finds the upload gone', async () => {
    const driver = losing('complete', 1)
    const { on } = driver
    driver.on = (moment) => {
      if (moment.verb === 'list') driver.uploads.clear()
      if (moment.verb === 'list') throw failure('ACCESS_DENIED')
      return on(moment)
    }
    assert.equal((await PUBLICATIONS[1]!.publish(driver)).requestId, 'head')
  })
})
