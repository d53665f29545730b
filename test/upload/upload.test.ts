import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { formatCrc64 } from '../../src/checksum/decimal.js'
import { tableEngine } from '../../src/checksum/engines/table-engine.js'
import { UploadError } from '../../src/shared/errors.js'
import type { RetryNotice, StoreLimits } from '../../src/stores/store-driver.js'
import { BufferPool } from '../../src/memory/buffer-pool.js'
import type { UploadedPart, UploadObserver } from '../../src/upload/upload-observer.js'
import { Upload } from '../../src/upload/upload.js'
import type { UploadOptions } from '../../src/upload/upload-options.js'
import { someBytes } from '../support/bytes.js'
import { CountedPool } from '../support/counted-pool.js'
import { uploadError } from '../support/errors.js'
import { lost, MemoryDriver, type Moment, SMALL_PART } from '../support/memory-driver.js'
import { crc64Of, rejection } from '../support/scripted-service.js'

const KEY = 'k'

interface Started {
  upload: Upload
  driver: MemoryDriver
  pool: CountedPool
  reported: { initiated: string[]; parts: UploadedPart[]; retries: RetryNotice[]; failures: Error[] }
}

function start(
  options: UploadOptions = {},
  more: { limits?: Partial<StoreLimits>; maxMemory?: number; observer?: Partial<UploadObserver> } = {},
): Started {
  const driver = new MemoryDriver(more.limits)
  const pool = new CountedPool(tableEngine, more.maxMemory ?? 64 * SMALL_PART)
  const reported: Started['reported'] = { initiated: [], parts: [], retries: [], failures: [] }
  const observer: UploadObserver = {
    initiated: (uploadId) => reported.initiated.push(uploadId),
    part: (part) => void reported.parts.push(part),
    retry: (retry) => reported.retries.push(retry),
    failed: (error) => reported.failures.push(error),
    ...more.observer,
  }
  const upload = new Upload({ driver, pool }, KEY, { partSize: SMALL_PART, concurrency: 3, ...options }, observer)
  return { upload, driver, pool, reported }
}

async function writeAll(upload: Upload, chunks: Iterable<Uint8Array>): Promise<void> {
  for (const chunk of chunks) await upload.write(chunk)
}

function* cut(bytes: Uint8Array, lengths: readonly number[]): Generator<Uint8Array> {
  for (let start = 0, i = 0; start < bytes.length; i += 1) {
    const length = lengths[i % lengths.length] ?? bytes.length
    yield bytes.subarray(start, start + length)
    start += length
  }
}

/** What must hold whenever an upload has failed and settled. */
function assertNothingLeft({ driver, pool }: Started): void {
  assert.equal(pool.handedOutBytes, 0)
  assert.equal(driver.inFlight, 0)
  assert.equal(driver.uploads.size, 0)
  assert.ok(driver.count('abort') <= 1)
}

describe('an upload', () => {
  it('makes the same object of any chunks, in the planned parts', async () => {
    const runs = fc.record({
      length: fc.oneof(
        fc.integer({ min: 0, max: 6 * SMALL_PART }),
        fc.integer({ min: 0, max: 6 }).map((parts) => parts * SMALL_PART),
        fc.integer({ min: 0, max: 60 * SMALL_PART }),
      ),
      chunks: fc.array(fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 200_000 })), {
        minLength: 1,
        maxLength: 8,
      }),
      concurrency: fc.integer({ min: 1, max: 6 }),
      buffers: fc.integer({ min: 2, max: 8 }),
      turns: fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 5 }),
    })
    await fc.assert(
      fc.asyncProperty(runs, async ({ length, chunks, concurrency, buffers, turns }) => {
        const started = start({ concurrency }, { maxMemory: buffers * SMALL_PART })
        const { upload, driver, pool, reported } = started
        let call = 0
        driver.on = async () => {
          for (let turn = turns[(call += 1) % turns.length]!; turn > 0; turn -= 1) await Promise.resolve()
        }
        const bytes = someBytes(length)
        await writeAll(upload, cut(bytes, chunks))
        const result = await upload.finish()

        assert.ok(driver.objects.get(KEY)?.bytes.equals(bytes))
        const parts = Math.max(Math.ceil(length / SMALL_PART), 1)
        assert.equal(result.parts, parts)
        assert.equal(result.size, length)
        assert.equal(result.crc64, formatCrc64(crc64Of(bytes)))
        if (parts === 1) {
          assert.deepEqual(driver.log, ['put'])
          assert.equal(result.uploadId, undefined)
        } else {
          assert.equal(driver.log[0], 'initiate')
          assert.equal(driver.log.at(-1), 'complete')
          assert.equal(driver.count('part'), parts)
          assert.deepEqual(reported.initiated, [result.uploadId])
          const sizes = reported.parts.sort((a, b) => a.partNumber - b.partNumber).map(({ size }) => size)
          const last = length - (parts - 1) * SMALL_PART
          assert.deepEqual(sizes, [...Array.from({ length: parts - 1 }, () => SMALL_PART), last])
        }
        assert.ok(driver.mostParts <= concurrency)
        assert.ok(pool.most <= Math.min(concurrency + 1, buffers) * SMALL_PART)
        assert.equal(pool.handedOutBytes, 0)
        assert.deepEqual(reported.failures, [])
      }),
      { numRuns: 80 },
    )
  })

  for (const [what, length, log] of [
    ['nothing', 0, ['put']],
    ['one byte', 1, ['put']],
    ['exactly one part', SMALL_PART, ['put']],
    ['one byte more than a part', SMALL_PART + 1, ['initiate', 'part 1', 'part 2', 'complete']],
    ['exactly two parts', 2 * SMALL_PART, ['initiate', 'part 1', 'part 2', 'complete']],
  ] as const) {
    it(`of ${what} is ${log.join(', ')}`, async () => {
      const { upload, driver } = start()
      await upload.write(someBytes(length))
      await upload.finish()
      assert.deepEqual(driver.log, log)
      assert.equal(driver.objects.get(KEY)?.bytes.length, length)
    })
  }

  it('copies what it accepts: the caller may change it at once', async () => {
    const { upload, driver } = start()
    const chunk = someBytes(SMALL_PART + 10)
    const before = Buffer.from(chunk)
    const pending = upload.write(chunk)
    await pending
    chunk.fill(0)
    await upload.finish()
    assert.ok(driver.objects.get(KEY)?.bytes.equals(before))
  })

  it('returns all properties of the object', async () => {
    const { upload, driver } = start()
    await upload.write(someBytes(3 * SMALL_PART))
    const result = await upload.finish()
    const crc64 = formatCrc64(crc64Of(someBytes(3 * SMALL_PART)))
    assert.deepEqual(result, {
      provider: 'oss',
      bucket: 'bucket',
      key: KEY,
      size: 3 * SMALL_PART,
      etag: '"object k"',
      crc64,
      checksum: { algorithm: 'crc64ecma', value: crc64 },
      location: 'memory://k',
      parts: 3,
      uploadId: 'upload-1',
      requestId: 'R',
    })
    assert.equal(upload.result, result)
    assert.equal(upload.uploadId, 'upload-1')
    assert.equal(driver.uploads.size, 0)
  })

  it('uses the options as they were when it was created', async () => {
    const options: UploadOptions = { metadata: { a: '1' }, acl: 'private' }
    const { upload, driver } = start(options)
    const metadata = options.metadata as Record<string, string>
    metadata['a'] = '2'
    options.acl = 'public-read'
    await upload.write(someBytes(2 * SMALL_PART))
    await upload.finish()
    assert.deepEqual(driver.options.get('initiate'), { metadata: { a: '1' }, acl: 'private' })
    assert.equal(driver.options.get('complete')?.acl, 'private')
  })

  it('never holds another one up that shares its memory', async () => {
    const driver = new MemoryDriver()
    const pool = new CountedPool(tableEngine, 3 * SMALL_PART)
    const observer: UploadObserver = {
      initiated: () => undefined,
      part: () => undefined,
      retry: () => undefined,
      failed: () => assert.fail(),
    }
    await Promise.all(
      Array.from({ length: 10 }, async (_, i) => {
        const upload = new Upload({ driver, pool }, `k${i}`, { partSize: SMALL_PART }, observer)
        await writeAll(upload, cut(someBytes(10 * SMALL_PART, i + 1), [SMALL_PART / 2 + i]))
        await upload.finish()
      }),
    )
    for (let i = 0; i < 10; i += 1) {
      assert.ok(driver.objects.get(`k${i}`)?.bytes.equals(someBytes(10 * SMALL_PART, i + 1)))
    }
    assert.ok(pool.most <= 3 * SMALL_PART)
    assert.equal(pool.handedOutBytes, 0)
  })

  it('warns of no leak however many parts are in flight', async (t) => {
    const warnings: Error[] = []
    const onWarning = (warning: Error) => warnings.push(warning)
    process.on('warning', onWarning)
    t.after(() => process.off('warning', onWarning))
    const { upload } = start({ concurrency: 40 })
    await upload.write(someBytes(60 * SMALL_PART))
    await upload.finish()
    await new Promise(setImmediate)
    assert.deepEqual(warnings, [])
  })

  it('ends at the last part number, with advice, and leaves nothing behind', async () => {
    const started = start({}, { limits: { maxParts: 3 } })
    const { upload, driver } = started
    const tooMany = uploadError('TOO_MANY_PARTS', '12 KiB', '3 parts')
    await upload.write(someBytes(3 * SMALL_PART))
    const error = await rejection((async () => upload.write(someBytes(1)))())
    assert.ok(tooMany(error))
    await upload.abort(error as Error)
    assert.equal(driver.count('complete'), 0)
    assertNothingLeft(started)
  })

  it('may use every part number there is', async () => {
    const { upload, driver } = start({}, { limits: { maxParts: 3 } })
    await upload.write(someBytes(3 * SMALL_PART))
    assert.equal((await upload.finish()).parts, 3)
    assert.equal(driver.objects.get(KEY)?.bytes.length, 3 * SMALL_PART)
  })
})

describe('the progress of an upload', () => {
  it('is right at every moment', async () => {
    const started = start({ expectedSize: 5 * SMALL_PART })
    const { upload, driver } = started
    const seen: string[] = []
    driver.on = ({ verb, when }) => {
      const { partsInFlight, partsDone, acknowledged, received, sent } = upload.progress
      assert.ok(acknowledged <= sent && sent <= received, `${acknowledged} ${sent} ${received}`)
      assert.equal(acknowledged, partsDone * SMALL_PART)
      assert.ok(partsInFlight <= 3)
      if (verb === 'complete') seen.push(`${when}: ${partsDone} done, ${partsInFlight} in flight`)
    }
    assert.equal(upload.progress.expectedSize, 5 * SMALL_PART)
    await writeAll(upload, cut(someBytes(5 * SMALL_PART), [1000]))
    await upload.finish()
    assert.deepEqual(seen, ['before: 5 done, 0 in flight', 'after: 5 done, 0 in flight'])
    const { received, sent, acknowledged, partsDone, partsInFlight } = upload.progress
    assert.deepEqual(
      [received, sent, acknowledged],
      Array.from({ length: 3 }, () => 5 * SMALL_PART),
    )
    assert.deepEqual([partsDone, partsInFlight], [5, 0])
  })

  it('counts a single put as a part in flight', async () => {
    const { upload, driver } = start()
    driver.on = () => {
      assert.equal(upload.progress.partsInFlight, 1)
      assert.equal(upload.progress.partsDone, 0)
    }
    await upload.write(someBytes(10))
    await upload.finish()
    assert.equal(upload.progress.partsInFlight, 0)
    assert.equal(upload.progress.partsDone, 1)
  })

  it('keeps what was acknowledged after a failure', async () => {
    const { upload, driver } = start({ concurrency: 1 })
    driver.on = ({ partNumber }) => {
      if (partNumber === 3) throw new UploadError('REJECTED', 'no')
    }
    await rejection(
      (async () => {
        await writeAll(upload, cut(someBytes(10 * SMALL_PART), [SMALL_PART]))
        await upload.finish()
      })(),
    )
    await upload.abort(new Error('later'))
    assert.equal(upload.progress.acknowledged, 2 * SMALL_PART)
    assert.equal(upload.progress.partsDone, 2)
    assert.equal(upload.uploadId, 'upload-1')
  })
})

describe('a failed upload', () => {
  it('cancels what is in flight, waits for it, and aborts once', async () => {
    const started = start()
    const { upload, driver, reported } = started
    const failure = new UploadError('REJECTED', 'InvalidArgument')
    const cancelled: number[] = []
    let inFlightAtAbort = -1
    driver.on = async ({ verb, when, partNumber, context }) => {
      if (verb === 'abort' && when === 'before') inFlightAtAbort = driver.inFlight - 1
      if (verb !== 'part' || when === 'after') return
      if (partNumber === 2) {
        while (driver.count('part') < 3) await Promise.resolve()
        throw failure
      }
      await new Promise((resolve) => {
        context.signal?.addEventListener('abort', () => {
          cancelled.push(partNumber!)
          resolve(undefined)
        })
      })
    }
    const error = await rejection(writeAll(upload, cut(someBytes(20 * SMALL_PART), [SMALL_PART])))
    assert.equal(error, failure)
    await upload.abort(new Error('a later one'))
    assert.deepEqual(reported.failures, [failure])
    assert.deepEqual(cancelled, [1, 3])
    assert.equal(inFlightAtAbort, 0)
    assert.equal(driver.count('complete'), 0)
    assert.equal(driver.count('abort'), 1)
    assert.equal(driver.count('part'), 3)
    assertNothingLeft(started)
    assert.throws(() => upload.write(someBytes(1)), failure)
    assert.equal(await rejection(upload.finish()), failure)
  })

  it('reports its first error if several parts fail', async () => {
    const started = start()
    const { upload, driver, reported } = started
    driver.on = ({ verb, partNumber }) => {
      if (verb === 'part') throw new UploadError('REJECTED', `part ${partNumber}`)
    }
    const error = await rejection(
      (async () => {
        await writeAll(upload, cut(someBytes(6 * SMALL_PART), [SMALL_PART]))
        await upload.finish()
      })(),
    )
    assert.equal(reported.failures.length, 1)
    assert.equal(error, reported.failures[0])
    await upload.abort(new Error('later'))
    assertNothingLeft(started)
  })

  it('has nothing to abort when it never started', async () => {
    for (const code of ['ACCESS_DENIED', 'NOT_FOUND'] as const) {
      const started = start()
      const { upload, driver } = started
      const failure = new UploadError(code, 'no')
      driver.on = ({ verb }) => {
        if (verb === 'initiate') throw failure
      }
      await upload.write(someBytes(2 * SMALL_PART))
      const error = await rejection(upload.finish())
      assert.equal(error, failure)
      await upload.abort(failure)
      assert.equal(failure.unknownUploads, undefined)
      assert.deepEqual(driver.log, ['initiate'])
      assertNothingLeft(started)
    }
  })

  it('reports that an upload may be left behind if its response was lost, once for each', async () => {
    for (const lostAnswers of [1, 3]) {
      const started = start()
      const { upload, driver } = started
      const failure = lost()
      driver.on = ({ verb, context }) => {
        if (verb !== 'initiate') return
        for (let i = 0; i < lostAnswers; i += 1) context.onOutcomeUnknown?.()
        throw failure
      }
      await upload.write(someBytes(2 * SMALL_PART))
      assert.equal(await rejection(upload.finish()), failure)
      await upload.abort(failure)
      assert.equal(failure.unknownUploads, lostAnswers)
    }
  })

  it('names the upload that could not be aborted', async () => {
    const { upload, driver, pool } = start()
    const failure = new UploadError('REJECTED', 'no')
    const cleanupError = new UploadError('SERVICE_FAILED', 'no abort either')
    driver.on = ({ verb, partNumber }) => {
      if (partNumber === 2) throw failure
      if (verb === 'abort') throw cleanupError
    }
    await upload.write(someBytes(2 * SMALL_PART))
    assert.equal(await rejection(upload.finish()), failure)
    await upload.abort(failure)
    assert.equal(failure.uploadId, 'upload-1')
    assert.equal(failure.cleanupError, cleanupError)
    assert.equal(pool.handedOutBytes, 0)
  })

  it('aborts without a signal and with separate time limits, for all attempts and for each', async () => {
    const { upload, driver } = start()
    const contexts: Moment['context'][] = []
    driver.on = ({ verb, context }) => {
      if (verb === 'abort') contexts.push(context)
    }
    await upload.write(someBytes(2 * SMALL_PART))
    await upload.abort(new Error('enough'))
    assert.equal(contexts[0]?.signal, undefined)
    assert.equal(contexts[0]?.retryTotalMs, 60_000)
    assert.equal(contexts[0].attemptMs, 20_000)
  })

  for (const method of ['initiated', 'part', 'retry'] as const) {
    it(`fails with what its observer throws in ${method}`, async () => {
      const failure = new Error('of the observer')
      const started = start(
        {},
        {
          observer: {
            [method]: () => {
              throw failure
            },
          },
        },
      )
      const { upload, driver, reported } = started
      driver.on = ({ context, partNumber, when }) => {
        if (partNumber === 2 && when === 'before') {
          context.onRetry?.({ operation: 'UploadPart', attempt: 1, delayMs: 0, reason: 'x', outcomeUnknown: false })
        }
      }
      await upload.write(someBytes(3 * SMALL_PART))
      assert.equal(await rejection(upload.finish()), failure)
      await upload.abort(failure)
      assert.deepEqual(reported.failures, [failure])
      assert.equal(driver.count('complete'), 0)
      assertNothingLeft(started)
    })
  }

  it('gives back its memory when the machine has none', async () => {
    const driver = new MemoryDriver()
    let buffers = 0
    const engine = {
      createPartBuffer: (capacity: number) => {
        buffers += 1
        if (buffers > 2) throw new RangeError('Array buffer allocation failed')
        return tableEngine.createPartBuffer(capacity)
      },
    }
    const pool = new BufferPool(engine, 100 * SMALL_PART)
    const { reported } = start()
    const observer: UploadObserver = {
      initiated: () => undefined,
      part: () => undefined,
      retry: () => undefined,
      failed: (error) => reported.failures.push(error),
    }
    driver.on = ({ verb, context }) =>
      verb === 'part' ? new Promise((resolve) => context.signal?.addEventListener('abort', resolve)) : undefined
    const upload = new Upload({ driver, pool }, KEY, { partSize: SMALL_PART }, observer)
    const error = await rejection((async () => writeAll(upload, [someBytes(5 * SMALL_PART)]))())
    assert.match(String(error), /allocation failed/)
    await upload.abort(error as Error)
    assert.equal(pool.handedOutBytes, 0)
    assert.equal(driver.uploads.size, 0)
  })
})

describe('an upload that is aborted', () => {
  it('sends nothing when nothing was sent yet', async () => {
    const started = start()
    const { upload, driver } = started
    await upload.write(someBytes(SMALL_PART))
    await upload.abort(new Error('enough'))
    assert.deepEqual(driver.log, [])
    assertNothingLeft(started)
  })

  it('sends nothing if it is aborted just before it starts', async () => {
    const started = start()
    const { upload, driver } = started
    void upload.write(someBytes(SMALL_PART + 1))
    await upload.abort(new Error('enough'))
    assert.deepEqual(driver.log, [])
    assertNothingLeft(started)
  })

  it('stays aborted if a callback of the initiation aborts it', async () => {
    const started = start()
    const { upload, driver } = started
    const failure = new Error('enough')
    const initiate = driver.initiateMultipartUpload.bind(driver)
    let settled: Promise<void> | undefined
    driver.initiateMultipartUpload = (...values) => {
      settled = upload.abort(failure)
      return initiate(...values)
    }
    await upload.write(someBytes(SMALL_PART + 1))
    assert.equal(await rejection(upload.finish()), failure)
    await settled
    assert.equal(driver.count('part'), 0)
    assertNothingLeft(started)
  })

  it('waits for the id of an upload that is just beginning, to abort it', async () => {
    const started = start()
    const { upload, driver } = started
    let answer: () => void = () => undefined
    driver.on = ({ verb, when }) =>
      verb === 'initiate' && when === 'after' ? new Promise<void>((resolve) => (answer = resolve)) : undefined
    await upload.write(someBytes(SMALL_PART + 1))
    await new Promise(setImmediate)
    const settled = upload.abort(new Error('enough'))
    await new Promise(setImmediate)
    answer()
    await settled
    assert.equal(upload.uploadId, 'upload-1')
    assert.deepEqual(driver.log, ['initiate', 'abort'])
    assertNothingLeft(started)
  })

  it('settles once, for the first reason, however often it is said', async () => {
    const started = start()
    const { upload, driver } = started
    await upload.write(someBytes(2 * SMALL_PART))
    const reasons = [new Error('first'), new Error('second')]
    await Promise.all(reasons.map((reason) => upload.abort(reason)))
    assert.equal(driver.count('abort'), 1)
    assert.equal(await rejection(upload.finish()), reasons[0])
    assertNothingLeft(started)
  })

  it('is not aborted any more when it is done', async () => {
    const { upload, driver } = start()
    await upload.write(someBytes(2 * SMALL_PART))
    const result = await upload.finish()
    await upload.abort(new Error('too late'))
    assert.equal(upload.result, result)
    assert.equal(driver.count('abort'), 0)
  })

  for (const length of [SMALL_PART, 3 * SMALL_PART]) {
    const verb = length === SMALL_PART ? 'put' : 'complete'
    for (const when of ['before', 'after'] as const) {
      it(`says that it may be published when that was decided just ${when} the ${verb}`, async () => {
        const started = start()
        const { upload, driver } = started
        const failure = new UploadError('ABORTED', 'enough')
        driver.on = (moment) => {
          if (moment.verb === verb && moment.when === when) void upload.abort(failure)
        }
        await upload.write(someBytes(length))
        assert.equal(await rejection(upload.finish()), failure)
        await upload.abort(failure)
        assert.equal(failure.outcomeUnknown, true)
        assert.equal(upload.result, undefined)
        assertNothingLeft(started)
      })
    }
  }

  it('is never published after that, and leaves nothing, whenever it happens', async () => {
    // The driver takes no time but turns of the microtask queue: every one of them is a moment to give up.
    for (const length of [SMALL_PART, 4 * SMALL_PART, 40 * SMALL_PART]) {
      for (let turns = 0, isOver = false; !isOver; turns += length > 5 * SMALL_PART ? 7 : 1) {
        const started = start({ concurrency: 2 }, { maxMemory: 3 * SMALL_PART })
        const { upload, driver, pool } = started
        const failure = new UploadError('ABORTED', `after ${turns} turns`)
        const work = (async () => {
          await writeAll(upload, cut(someBytes(length), [1500]))
          return upload.finish()
        })().catch((error: unknown) => error)
        for (let i = 0; i < turns; i += 1) await Promise.resolve()
        isOver = upload.result !== undefined
        const mayBePublished = driver.count('put') + driver.count('complete') > 0
        await upload.abort(failure)
        const outcome = await work
        await new Promise(setImmediate)
        assert.equal(pool.handedOutBytes, 0, `after ${turns} turns`)
        if (isOver) continue
        assert.equal(outcome, failure)
        assertNothingLeft(started)
        if (!mayBePublished) assert.equal(driver.objects.size, 0)
        if (driver.objects.size > 0) assert.equal(failure.outcomeUnknown, true)
      }
    }
  })

  it('leaves nothing while two uploads fight for the memory of one', async () => {
    for (let turns = 0; turns < 300; turns += 1) {
      const driver = new MemoryDriver()
      const pool = new CountedPool(tableEngine, 2 * SMALL_PART)
      const observer: UploadObserver = {
        initiated: () => undefined,
        part: () => undefined,
        retry: () => undefined,
        failed: () => undefined,
      }
      const uploads = ['a', 'b'].map((key) => new Upload({ driver, pool }, key, { partSize: SMALL_PART }, observer))
      const work = uploads.map(async (upload) => {
        await writeAll(upload, cut(someBytes(6 * SMALL_PART), [SMALL_PART]))
        return upload.finish()
      })
      const outcomes = Promise.allSettled(work)
      for (let i = 0; i < turns; i += 1) await Promise.resolve()
      await uploads[0]!.abort(new Error('enough'))
      await outcomes
      await new Promise(setImmediate)
      assert.equal(pool.handedOutBytes, 0, `after ${turns} turns`)
      assert.equal(driver.uploads.size, 0)
      assert.equal(driver.objects.get('b')?.bytes.length, 6 * SMALL_PART)
    }
  })
})
