import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { formatCrc64 } from '../../../src/checksum/decimal.js'
import { UploadError } from '../../../src/shared/errors.js'
import { type CheckpointRecord, formatPart, formatRecord } from '../../../src/upload/checkpoint/upload-record.js'
import type { UploadOptions } from '../../../src/upload/upload-options.js'
import { someBytes } from '../../support/bytes.js'
import { MemoryCheckpoint } from '../../support/memory-checkpoint.js'
import { lost, MemoryDriver, SMALL_PART } from '../../support/memory-driver.js'
import {
  afterKill,
  KEY,
  killedRun,
  md5Etag,
  runUntilKilled,
  sentParts,
  startRun,
  writeAndFinish,
} from '../../support/resumable-run.js'
import { crc64Of, rejection } from '../../support/scripted-service.js'

const BYTES = someBytes(6 * SMALL_PART + 100)

/** The first recorded part that holds something else than these bytes have there. */
function firstDifference(recorded: CheckpointRecord['parts'], bytes: Buffer): number {
  const others = recorded.filter(({ partNumber, size, crc64 }) => {
    const part = bytes.subarray((partNumber - 1) * SMALL_PART, partNumber * SMALL_PART)
    return part.length !== size || crc64Of(part) !== crc64
  })
  return Math.min(...others.map(({ partNumber }) => partNumber))
}

/** Whether the store has this part as it is recorded. */
function isStoredAs(driver: MemoryDriver, { partNumber, crc64 }: CheckpointRecord['parts'][number]): boolean {
  return [...driver.uploads.values()].some((parts) => parts.get(partNumber)?.crc64 === crc64)
}

function changedAt(bytes: Uint8Array, at: number): Buffer {
  const changed = Buffer.from(bytes)
  changed[at]! ^= 1
  return changed
}

describe('an upload with a checkpoint', () => {
  it('is complete after any number of kills and changes between them, and sends no recorded part twice', async () => {
    const runs = fc.record({
      length: fc.integer({ min: 1, max: 12 * SMALL_PART }),
      concurrency: fc.integer({ min: 1, max: 4 }),
      hasMd5Etags: fc.boolean(),
      listsCrc64: fc.boolean(),
      pageSize: fc.integer({ min: 1, max: 5 }),
      kills: fc.array(
        fc.record({
          steps: fc.nat({ max: 50 }),
          /** Where the source has another byte when it is run again; a share of its length. */
          change: fc.option(fc.double({ min: 0, max: 0.999, noNaN: true }), { freq: 2 }),
          length: fc.option(fc.integer({ min: 1, max: 12 * SMALL_PART }), { freq: 6 }),
        }),
        { minLength: 1, maxLength: 4 },
      ),
    })
    await fc.assert(
      fc.asyncProperty(runs, async ({ length, concurrency, hasMd5Etags, listsCrc64, pageSize, kills }) => {
        const driver = new MemoryDriver()
        if (hasMd5Etags) driver.etagOf = md5Etag
        Object.assign(driver, { listsCrc64, pageSize })
        let bytes = someBytes(length)
        let next = { driver, checkpoint: new MemoryCheckpoint() }
        let before: CheckpointRecord['parts'] | undefined
        for (const kill of [...kills, undefined]) {
          const replaced = before?.find((part) => !isStoredAs(next.driver, part))?.partNumber ?? Infinity
          const run = startRun(next.driver, next.checkpoint, { concurrency })
          const steps = kill?.steps ?? Infinity
          const outcome = await runUntilKilled(run, bytes, steps)
          const { reported } = run
          if (before !== undefined && reported.resumed.length > 0) {
            // All is sent from the first part on that differs, here or there: a run whose source had become shorter may
            // have put another part in the place of one that is still recorded.
            const end = Math.min(firstDifference(before, bytes), replaced)
            const same = before.map(({ partNumber }) => partNumber).filter((part) => part < end)
            const again = sentParts(run).filter((part) => same.includes(part))
            assert.deepEqual(again, [], 'a recorded part was sent again')
          }
          assert.ok(reported.restarted.length === 0 || reported.resumed.length === 0)
          if (outcome === 'done') {
            assert.ok(run.driver.objects.get(KEY)?.bytes.equals(bytes))
            assert.equal(run.upload.result?.crc64, formatCrc64(crc64Of(bytes)))
            assert.equal(run.driver.uploads.size, 0)
            assert.equal(run.checkpoint.text, undefined)
            assert.equal(run.pool.handedOutBytes, 0)
            return
          }
          next = afterKill(run)
          const { record } = next.checkpoint
          // A kill between the answer to initiate and the first record leaves an upload that nobody knows.
          if (record === undefined) next.driver.uploads.clear()
          const acknowledged = reported.parts.filter(({ resumed }) => resumed === undefined).length
          const recorded = (record?.parts ?? []).map(({ partNumber }) => partNumber)
          const unrecorded = reported.parts.filter(({ partNumber }) => !recorded.includes(partNumber)).length
          if (acknowledged > 0) assert.ok(unrecorded <= concurrency, 'more is unrecorded than was in flight')
          before = record?.parts
          if (kill?.length !== null && kill?.length !== undefined) bytes = someBytes(kill.length)
          if (kill?.change !== null && kill?.change !== undefined) {
            bytes = changedAt(bytes, Math.floor(kill.change * bytes.length))
          }
        }
        assert.fail('the last run is not killed')
      }),
      { numRuns: 150 },
    )
  })

  it('sends only what the store has not', async () => {
    const { driver, checkpoint } = await killedRun(BYTES)
    const run = startRun(driver, checkpoint)
    const result = await writeAndFinish(run, BYTES)
    assert.deepEqual(sentParts(run), [7])
    assert.equal(driver.count('initiate'), 0)
    assert.deepEqual(run.reported.resumed, [{ uploadId: 'upload-1', parts: 6, bytes: 6 * SMALL_PART }])
    assert.deepEqual(result.resumed, { parts: 6, bytes: 6 * SMALL_PART })
    const { received, sent, acknowledged, resumed, fraction } = run.upload.progress
    assert.deepEqual([received, sent, acknowledged, resumed], [BYTES.length, 100, BYTES.length, 6 * SMALL_PART])
    assert.equal(fraction, 1)
    const [first, last] = [run.reported.parts[0], run.reported.parts.at(-1)]
    assert.deepEqual([first?.partNumber, first?.resumed, last?.partNumber, last?.resumed], [1, true, 7, undefined])
    assert.ok(driver.objects.get(KEY)?.bytes.equals(BYTES))
    assert.equal(checkpoint.text, undefined)
  })

  it('sends nothing at all but the end when all parts were stored', async () => {
    const bytes = BYTES.subarray(0, 4 * SMALL_PART)
    const first = startRun(new MemoryDriver(), new MemoryCheckpoint(), { concurrency: 1 })
    await new Promise<void>((resolve) => {
      first.driver.on = ({ verb }) => {
        if (verb !== 'complete') return undefined
        resolve()
        return new Promise(() => undefined)
      }
      void writeAndFinish(first, bytes)
    })
    const { driver, checkpoint } = afterKill(first)
    await writeAndFinish(startRun(driver, checkpoint), bytes)
    assert.deepEqual(driver.log, ['list', 'complete'])
  })

  it('uses a stored part that is not recorded, if the store returns a checksum of it', async () => {
    for (const [hasMd5Etags, listsCrc64, again] of [
      [true, false, [4]],
      [false, true, [4]],
      [false, false, [3, 4]],
    ] as const) {
      const bytes = BYTES.subarray(0, 4 * SMALL_PART)
      const first = startRun(new MemoryDriver(), new MemoryCheckpoint(), { concurrency: 1 })
      if (hasMd5Etags) first.driver.etagOf = md5Etag
      first.driver.listsCrc64 = listsCrc64
      await new Promise<void>((resolve) => {
        first.driver.on = ({ verb, when, partNumber }) => {
          if (verb !== 'part' || when !== 'after' || partNumber !== 3) return undefined
          resolve()
          return new Promise(() => undefined)
        }
        void writeAndFinish(first, bytes)
      })
      const { driver, checkpoint } = afterKill(first)
      assert.equal(checkpoint.record?.parts.length, 2)
      const run = startRun(driver, checkpoint)
      await writeAndFinish(run, bytes)
      assert.deepEqual(sentParts(run), again)
      assert.ok(driver.objects.get(KEY)?.bytes.equals(bytes))
    }
  })

  it('trusts no record where the store says something else', async () => {
    const { driver, checkpoint } = await killedRun(BYTES)
    const parts = driver.uploads.get('upload-1')!
    // Somebody else's upload of part 2, a part of another size, and one that is not there.
    const other = someBytes(SMALL_PART, 9)
    parts.set(2, { bytes: other, crc64: crc64Of(other) })
    parts.set(3, { bytes: other.subarray(1), crc64: crc64Of(other.subarray(1)) })
    parts.delete(5)
    const run = startRun(driver, checkpoint)
    await writeAndFinish(run, BYTES)
    assert.ok(driver.objects.get(KEY)?.bytes.equals(BYTES))
    // From part 2 on all is sent: it differs.
    assert.deepEqual(sentParts(run), [2, 3, 4, 5, 6, 7])
  })

  it('compares MD5 as well as CRC-64 where ETags are MD5', async () => {
    const { driver, checkpoint } = await killedRun(BYTES)
    assert.equal(checkpoint.record?.etagsAreMd5, true)
    // As if other bytes had the CRC-64 of part 3.
    const record = checkpoint.record
    const crc64 = crc64Of(changedAt(BYTES, 2 * SMALL_PART).subarray(2 * SMALL_PART, 3 * SMALL_PART))
    const forged = record.parts.map((part) => (part.partNumber === 3 ? { ...part, crc64 } : part))
    const head = { ...record, parts: undefined }
    checkpoint.text = formatRecord(head, forged.map(formatPart))
    const run = startRun(driver, checkpoint)
    await writeAndFinish(run, changedAt(BYTES, 2 * SMALL_PART))
    assert.deepEqual(sentParts(run), [3, 4, 5, 6, 7])
  })

  it('sends everything from the first change on, under the same upload ID', async () => {
    const { driver, checkpoint } = await killedRun(BYTES)
    const run = startRun(driver, checkpoint)
    const changed = changedAt(BYTES, 3 * SMALL_PART + 5)
    const { uploadId } = await writeAndFinish(run, changed)
    assert.equal(uploadId, 'upload-1')
    assert.deepEqual(sentParts(run), [4, 5, 6, 7])
    assert.ok(driver.objects.get(KEY)?.bytes.equals(changed))
  })

  it('records each part once it is acknowledged, and counts it as in flight until then', async () => {
    const driver = new MemoryDriver()
    const checkpoint = new MemoryCheckpoint()
    const run = startRun(driver, checkpoint, { concurrency: 2 })
    let release = (): void => undefined
    checkpoint.on = (when) =>
      when === 'before' && checkpoint.writes === 1 ? new Promise<void>((resolve) => (release = resolve)) : undefined
    const writing = writeAndFinish(run, BYTES)
    for (let turn = 0; turn < 200; turn += 1) await new Promise(setImmediate)
    // Both slots are taken by parts that are acknowledged, but not recorded.
    assert.deepEqual(sentParts(run), [1, 2])
    assert.equal(checkpoint.record?.parts.length, 0)
    release()
    await writing
    const notices = run.reported.checkpoints
    assert.deepEqual(notices[0], { uploadId: 'upload-1', parts: 0, bytes: 0 })
    assert.deepEqual(notices.at(-1), { uploadId: 'upload-1', parts: 7, bytes: BYTES.length })
  })

  it('is recorded before its first part is sent', async () => {
    const checkpoint = new MemoryCheckpoint()
    const run = startRun(new MemoryDriver(), checkpoint)
    run.driver.on = ({ verb }) => {
      if (verb === 'part') assert.equal(checkpoint.record?.uploadId, 'upload-1')
    }
    await writeAndFinish(run, BYTES)
    assert.ok(run.driver.objects.get(KEY)?.bytes.equals(BYTES))
  })

  it('writes and requests nothing if it fits in one part', async () => {
    for (const length of [0, 1, SMALL_PART]) {
      const run = startRun(new MemoryDriver(), new MemoryCheckpoint())
      await writeAndFinish(run, BYTES.subarray(0, length))
      assert.deepEqual(run.driver.log, ['put'])
      assert.equal(run.checkpoint.writes, 0)
    }
  })

  it('has no secret in its record', async () => {
    const customerKey = Buffer.from('0123456789abcdefghijklmnopqrstuv')
    const driver = new MemoryDriver()
    const checkpoint = new MemoryCheckpoint()
    const run = startRun(driver, checkpoint, { serverSideEncryption: { customerKey }, metadata: { owner: 'Vera' } })
    const texts: string[] = []
    checkpoint.on = () => texts.push(checkpoint.text ?? '')
    await writeAndFinish(run, BYTES)
    const all = texts.join('')
    assert.ok(all.includes('upload-1'))
    for (const form of ['latin1', 'base64', 'hex'] as const) assert.ok(!all.includes(customerKey.toString(form)), form)
    assert.ok(!all.includes('Vera'))
  })
})

describe('an upload whose checkpoint does not fit any more', () => {
  const begunAnew = async (
    options: UploadOptions,
    reason: string,
    bytes: Buffer = BYTES,
    first: UploadOptions = {},
    prepare: (left: Awaited<ReturnType<typeof killedRun>>) => void = () => undefined,
  ) => {
    const left = await killedRun(BYTES, first)
    prepare(left)
    const run = startRun(left.driver, left.checkpoint, options)
    await writeAndFinish(run, bytes)
    assert.deepEqual(
      run.reported.restarted.map((notice) => notice.reason),
      [reason],
    )
    assert.deepEqual(run.reported.resumed, [])
    assert.ok(left.driver.objects.get(KEY)?.bytes.equals(bytes))
    assert.equal(left.driver.uploads.size, 0)
    assert.equal(left.checkpoint.text, undefined)
    return run
  }

  it('starts over when parts are cut elsewhere', async () => {
    await begunAnew({ partSize: 2 * SMALL_PART }, 'part-size-changed')
  })

  it('starts over if the options of the object differ', async () => {
    await begunAnew({ metadata: { a: '1' } }, 'options-changed')
    const key = (fill: number) => ({ serverSideEncryption: { customerKey: Buffer.alloc(32, fill) } })
    await begunAnew(key(1), 'options-changed', BYTES, key(2))
  })

  it('resumes when only options of requests changed', async () => {
    const { driver, checkpoint } = await killedRun(BYTES)
    const run = startRun(driver, checkpoint, { forbidOverwrite: true, concurrency: 7, contentMd5: true })
    await writeAndFinish(run, BYTES)
    assert.deepEqual(sentParts(run), [7])
    assert.equal(driver.options.get('complete')?.forbidOverwrite, true)
  })

  it('starts over when its first part is made of other bytes', async () => {
    await begunAnew({}, 'content-changed', changedAt(BYTES, 0))
  })

  it('is one request when all of it fits in one part now', async () => {
    const run = await begunAnew({}, 'content-changed', someBytes(SMALL_PART))
    assert.deepEqual(run.driver.log, ['list', 'abort', 'put'])
  })

  it('starts over if the upload no longer exists', async () => {
    const run = await begunAnew({}, 'upload-gone', BYTES, {}, ({ driver }) => driver.uploads.clear())
    assert.equal(run.driver.count('abort'), 0)
  })

  it('starts over when the record is damaged', async () => {
    await begunAnew({}, 'record-damaged', BYTES, {}, ({ driver, checkpoint }) => {
      checkpoint.text = checkpoint.text?.slice(0, -10)
      driver.uploads.clear()
    })
  })

  it('starts over, and clears away the other, when it goes to another key', async () => {
    const { driver, checkpoint } = await killedRun(BYTES)
    const limits: unknown[] = []
    driver.on = ({ verb, when, context }) => {
      if (verb === 'abort' && when === 'before') limits.push([context.retryTotalMs, context.attemptMs])
    }
    const run = startRun(driver, checkpoint, {}, 'other')
    await writeAndFinish(run, BYTES)
    assert.deepEqual(limits, [[60_000, 20_000]])
    assert.deepEqual(
      run.reported.restarted.map(({ reason, leftUploadId }) => [reason, leftUploadId]),
      [['target-changed', undefined]],
    )
    assert.equal(driver.uploads.size, 0)
  })

  it('leaves alone an upload in another bucket, and reports its ID', async () => {
    const { driver, checkpoint } = await killedRun(BYTES)
    const elsewhere = driver.forNextProcess()
    elsewhere.locationOf = (key) => `elsewhere://${key}`
    const run = startRun(elsewhere, checkpoint)
    await writeAndFinish(run, BYTES)
    assert.deepEqual(
      run.reported.restarted.map(({ reason, leftUploadId }) => [reason, leftUploadId]),
      [['target-changed', 'upload-1']],
    )
    assert.equal(elsewhere.count('abort'), 0)
    assert.equal(checkpoint.text, undefined)
  })

  it('reports what it could not clear away', async () => {
    const { driver, checkpoint } = await killedRun(BYTES)
    const failure = new UploadError('ACCESS_DENIED', 'no')
    driver.on = ({ verb }) => {
      if (verb === 'abort') throw failure
    }
    const run = startRun(driver, checkpoint, { metadata: { a: '1' } })
    await writeAndFinish(run, BYTES)
    assert.deepEqual(
      run.reported.restarted.map(({ leftUploadId, cleanupError }) => [leftUploadId, cleanupError]),
      [['upload-1', failure]],
    )
  })

  it('refuses to overwrite a file that is not a checkpoint', async () => {
    const checkpoint = new MemoryCheckpoint('my diary')
    const run = startRun(new MemoryDriver(), checkpoint)
    const error = await rejection(writeAndFinish(run, BYTES))
    assert.ok(error instanceof UploadError)
    assert.equal(error.code, 'INVALID_OPTION')
    await run.upload.abort(error)
    assert.equal(checkpoint.text, 'my diary')
    assert.deepEqual(run.driver.log, [])
  })

  it('finishes with fewer parts than it had where the service drops those that are not named', async () => {
    const { driver, checkpoint } = await killedRun(BYTES)
    const shorter = BYTES.subarray(0, 3 * SMALL_PART + 7)
    const run = startRun(driver, checkpoint)
    await writeAndFinish(run, shorter)
    assert.deepEqual(sentParts(run), [4])
    assert.ok(driver.objects.get(KEY)?.bytes.equals(shorter))
  })

  it('leaves nothing behind where the service refuses that, so that the next run starts over', async () => {
    const { driver, checkpoint } = await killedRun(BYTES)
    const refusal = new UploadError('REJECTED', 'InvalidPart')
    driver.on = ({ verb }) => {
      if (verb === 'complete') throw refusal
    }
    const shorter = BYTES.subarray(0, 3 * SMALL_PART + 7)
    const run = startRun(driver, checkpoint)
    assert.equal(await rejection(writeAndFinish(run, shorter)), refusal)
    await run.upload.abort(refusal)
    assert.equal(refusal.resumable, undefined)
    assert.equal(driver.uploads.size, 0)
    assert.equal(checkpoint.text, undefined)
  })
})

describe('an upload with a checkpoint that fails', () => {
  it('is kept, with all that was acknowledged, and says so', async () => {
    const driver = new MemoryDriver()
    driver.etagOf = md5Etag
    const checkpoint = new MemoryCheckpoint()
    const failure = new UploadError('NETWORK', 'the cable is out', { partNumber: 5 })
    driver.on = ({ verb, partNumber }) => {
      if (verb === 'part' && partNumber === 5) throw failure
    }
    const run = startRun(driver, checkpoint, { concurrency: 1 })
    assert.equal(await rejection(writeAndFinish(run, BYTES)), failure)
    await run.upload.abort(failure)
    assert.equal(failure.resumable, true)
    assert.equal(failure.uploadId, 'upload-1')
    assert.match(failure.message, /^the cable is out; .*kept.*resumes/)
    assert.equal(driver.count('abort'), 0)
    assert.equal(checkpoint.record?.parts.length, 4)
    assert.equal(run.pool.handedOutBytes, 0)

    const again = startRun(driver.forNextProcess(), checkpoint)
    await writeAndFinish(again, BYTES)
    assert.deepEqual(sentParts(again), [5, 6, 7])
  })

  it('is kept when it is aborted for any reason', async () => {
    const { driver, checkpoint } = await killedRun(BYTES)
    const run = startRun(driver, checkpoint)
    await run.upload.write(BYTES.subarray(0, 4 * SMALL_PART))
    const reason: Error = new Error('of the source')
    await run.upload.abort(reason)
    assert.deepEqual(Object.entries(reason), [
      ['uploadId', 'upload-1'],
      ['resumable', true],
    ])
    assert.equal(reason.message, 'of the source')
    assert.equal(driver.uploads.size, 1)
    assert.ok(checkpoint.record !== undefined)
  })

  it('is kept when it is aborted before it has looked at existing parts', async () => {
    const { driver, checkpoint } = await killedRun(BYTES)
    const run = startRun(driver, checkpoint)
    await run.upload.write(BYTES.subarray(0, 10))
    await run.upload.abort(new Error('enough'))
    assert.equal(driver.uploads.size, 1)
    assert.equal(checkpoint.record?.parts.length, 6)
  })

  for (const [code, verb] of [
    ['NO_SUCH_UPLOAD', 'part'],
    ['ALREADY_EXISTS', 'complete'],
    ['CALLBACK_FAILED', 'complete'],
  ] as const) {
    it(`is not kept when another run would fail as well: ${code}`, async () => {
      const { driver, checkpoint } = await killedRun(BYTES)
      const failure = new UploadError(code, 'no', verb === 'part' ? { partNumber: 7 } : {})
      driver.on = (moment) => {
        if (moment.verb === verb) throw failure
      }
      const run = startRun(driver, checkpoint)
      assert.equal(await rejection(writeAndFinish(run, BYTES)), failure)
      await run.upload.abort(failure)
      assert.equal(failure.resumable, undefined)
      assert.equal(driver.uploads.size, 0)
      assert.equal(checkpoint.text, undefined)
    })
  }

  it('is kept if a part was damaged in transit repeatedly', async () => {
    const { driver, checkpoint } = await killedRun(BYTES)
    const failure = new UploadError('CHECKSUM_MISMATCH', 'no', { partNumber: 7 })
    driver.on = ({ verb }) => {
      if (verb === 'part') throw failure
    }
    const run = startRun(driver, checkpoint)
    await rejection(writeAndFinish(run, BYTES))
    await run.upload.abort(failure)
    assert.equal(failure.resumable, true)
    assert.equal(driver.uploads.size, 1)
  })

  it('fails when it cannot be recorded, and is aborted when it never was', async () => {
    const driver = new MemoryDriver()
    const checkpoint = new MemoryCheckpoint()
    checkpoint.on = () => {
      throw new Error('the disk is full')
    }
    const run = startRun(driver, checkpoint)
    const error = await rejection(writeAndFinish(run, BYTES))
    assert.ok(error instanceof UploadError)
    assert.equal(error.code, 'CHECKPOINT_FAILED')
    assert.match(error.message, /disk is full/)
    await run.upload.abort(error)
    assert.equal(driver.count('part'), 0)
    assert.equal(driver.uploads.size, 0)
  })

  it('keeps its record when it could not be aborted, for the next run to see to it', async () => {
    const { driver, checkpoint } = await killedRun(BYTES)
    const failure = new UploadError('ALREADY_EXISTS', 'there')
    driver.on = ({ verb }) => {
      if (verb === 'complete') throw failure
      if (verb === 'abort') throw new UploadError('NETWORK', 'gone')
    }
    const run = startRun(driver, checkpoint)
    await rejection(writeAndFinish(run, BYTES))
    await run.upload.abort(failure)
    assert.equal(failure.uploadId, 'upload-1')
    assert.ok(failure.cleanupError !== undefined)
    assert.ok(checkpoint.record !== undefined)
  })

  it('settles a response that was lost at the very end by looking, and removes the record', async () => {
    const { driver, checkpoint } = await killedRun(BYTES)
    driver.on = ({ verb, when }) => {
      if (verb === 'complete' && when === 'after') throw lost()
    }
    await writeAndFinish(startRun(driver, checkpoint), BYTES)
    assert.equal(checkpoint.text, undefined)
  })

  it('stores the object although the record cannot be removed', async () => {
    const { driver, checkpoint } = await killedRun(BYTES)
    checkpoint.remove = () => Promise.reject(new Error('no'))
    await writeAndFinish(startRun(driver, checkpoint), BYTES)
    assert.ok(driver.objects.get(KEY)?.bytes.equals(BYTES))
    // The next run finds that there is nothing to go on with.
    const next = startRun(driver.forNextProcess(), new MemoryCheckpoint(checkpoint.text))
    await writeAndFinish(next, BYTES)
    assert.equal(next.reported.restarted[0]?.reason, 'upload-gone')
  })
})

describe('an upload whose source starts where the last one stopped', () => {
  it('writes only the rest, and the whole is verified', async () => {
    const { driver, checkpoint } = await killedRun(BYTES)
    const run = startRun(driver, checkpoint, { resume: 'offset' })
    const offset = await run.upload.resumeFrom()
    assert.equal(offset, 6 * SMALL_PART)
    const result = await writeAndFinish(run, BYTES.subarray(offset))
    assert.deepEqual(sentParts(run), [7])
    assert.ok(driver.objects.get(KEY)?.bytes.equals(BYTES))
    assert.equal(result.crc64, formatCrc64(crc64Of(BYTES)))
    assert.equal(result.size, BYTES.length)
    assert.deepEqual(result.resumed, { parts: 6, bytes: 6 * SMALL_PART })
    const { received, acknowledged } = run.upload.progress
    assert.deepEqual([received, acknowledged], [100, BYTES.length])
  })

  it('continues at the first gap, and skips what is beyond it', async () => {
    const { driver, checkpoint } = await killedRun(BYTES)
    driver.uploads.get('upload-1')?.delete(3)
    const run = startRun(driver, checkpoint, { resume: 'offset' })
    const offset = await run.upload.resumeFrom()
    assert.equal(offset, 2 * SMALL_PART)
    await writeAndFinish(run, BYTES.subarray(offset))
    assert.deepEqual(sentParts(run), [3, 7])
    assert.ok(driver.objects.get(KEY)?.bytes.equals(BYTES))
  })

  it('has nothing left to write when all parts were there', async () => {
    const bytes = BYTES.subarray(0, 3 * SMALL_PART)
    const { driver, checkpoint } = await killedRun(Buffer.concat([bytes, Buffer.alloc(1)]))
    const run = startRun(driver, checkpoint, { resume: 'offset' })
    assert.equal(await run.upload.resumeFrom(), bytes.length)
    await run.upload.finish()
    assert.ok(driver.objects.get(KEY)?.bytes.equals(bytes))
  })

  it('starts at the first byte when there is nothing to resume', async () => {
    const run = startRun(new MemoryDriver(), new MemoryCheckpoint(), { resume: 'offset' })
    assert.equal(await run.upload.resumeFrom(), 0)
    await writeAndFinish(run, BYTES)
    assert.ok(run.driver.objects.get(KEY)?.bytes.equals(BYTES))
  })

  it('accepts nothing before resumeFrom was read', async () => {
    const { driver, checkpoint } = await killedRun(BYTES)
    const { upload } = startRun(driver, checkpoint, { resume: 'offset' })
    for (const call of [() => upload.write(BYTES), () => upload.finish()]) {
      const error = await rejection((async () => call())())
      assert.match(String(error), /resumeFrom/)
    }
  })

  it('does not publish the wrong bytes where the first part is not what the record says', async () => {
    const { driver, checkpoint } = await killedRun(BYTES)
    const run = startRun(driver, checkpoint, { resume: 'offset' })
    await run.upload.resumeFrom()
    const other = someBytes(SMALL_PART, 3)
    driver.uploads.get('upload-1')?.set(1, { bytes: other, crc64: crc64Of(other) })
    const error = await rejection(writeAndFinish(run, BYTES.subarray(6 * SMALL_PART)))
    assert.equal((error as UploadError).code, 'CHECKSUM_MISMATCH')
  })
})
