/** Carries out a plan against the embedded store and checks what must hold afterwards, whatever happened. */
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Emulator } from '../../src/emulator/index.js'
import { openStore, type ObjectStore, type UploadError, type UploadResult } from '../../src/index.js'
import { readAll, someBytes } from '../support/bytes.js'
import { exists } from '../support/embedded-store.js'
import type { Plan } from './plan.js'

const SOURCE = someBytes(1024 * 1024, 7)
const BEFORE = Buffer.from('what was there before')

/** An error of the plan's own: of the source, or of whoever destroys the stream. */
class PlannedError extends Error {}

type Outcome = { stored: true; result: UploadResult } | { stored: false; error: Error }

export async function carryOut(plan: Plan, emulator: Emulator, key: string): Promise<Outcome> {
  const options = {
    bucket: 'chaos',
    region: emulator.region,
    endpoint: emulator.endpoint,
    credentials: emulator.credentials,
    retry: { maxAttempts: 4, baseDelayMs: 1, maxDelayMs: 5 },
    timeouts: { connectMs: 2000, answerMs: 100, stallMs: 100 },
  }
  const bystander = openStore({ ...options, timeouts: { answerMs: 10_000, stallMs: 10_000 } })
  const store = openStore(options)
  const bytes = SOURCE.subarray(0, plan.size)
  try {
    if (plan.overwrites) await put(bystander, key, BEFORE)
    for (const fault of plan.faults) emulator.faults.inject(fault)
    const outcome = await upload(store, plan, key, bytes)
    emulator.faults.clear()
    await store.close()
    await check(bystander, plan, key, bytes, outcome)
    return outcome
  } finally {
    emulator.faults.clear()
    await Promise.all([store.close(), bystander.close()])
  }
}

async function upload(store: ObjectStore, plan: Plan, key: string, bytes: Buffer): Promise<Outcome> {
  const { partSize, concurrency, contentMd5, forbidOverwrite, ending } = plan
  const controller = new AbortController()
  const stream = store.createUploadStream(key, {
    partSize,
    concurrency,
    contentMd5,
    forbidOverwrite,
    signal: controller.signal,
  })
  const source = Readable.from(
    chunksOf(bytes, plan, (): void => {
      if (ending.name === 'destroy') stream.destroy(new PlannedError('destroyed'))
      if (ending.name === 'abort') controller.abort(new PlannedError('aborted'))
      // Not within the generator's own turn, in which it cannot be closed.
      if (ending.name === 'source-close') setImmediate(() => source.destroy())
    }),
  )
  const timer =
    ending.name === 'abort-later'
      ? setTimeout(() => controller.abort(new PlannedError('aborted')), ending.ms)
      : undefined
  try {
    await pipeline(source, stream)
    return { stored: true, result: await stream.done }
  } catch (error) {
    // Both ways of learning of it must settle, and the stream must be closed by then.
    await assert.rejects(stream.done)
    assert.equal(stream.destroyed, true)
    return { stored: false, error: error as Error }
  } finally {
    clearTimeout(timer)
  }
}

async function* chunksOf(bytes: Buffer, { chunks, ending }: Plan, giveUp: () => void): AsyncGenerator<Buffer> {
  const turningPoint = 'after' in ending ? Math.floor(bytes.length * ending.after) : Infinity
  let isOver = false
  for (let at = 0, i = 0; at < bytes.length; i += 1) {
    if (at >= turningPoint && !isOver) {
      isOver = true
      if (ending.name === 'source-error') throw new PlannedError('the source failed')
      giveUp()
      await sleep(5)
    }
    const length = chunks[i % chunks.length] ?? 1
    yield bytes.subarray(at, at + length)
    at += length
  }
  if (isOver || !('after' in ending)) return
  if (ending.name === 'source-error') throw new PlannedError('the source failed')
  giveUp()
  await sleep(5)
  // A generator that returned just after its stream was destroyed would leave node's pipeline() waiting for ever.
  yield bytes.subarray(0, 0)
}

async function check(store: ObjectStore, plan: Plan, key: string, bytes: Buffer, outcome: Outcome): Promise<void> {
  const isThere = await exists(store, key)
  const content = isThere ? await readAll((await store.get(key)).body) : undefined
  const isOurs = content !== undefined && Buffer.compare(content, bytes) === 0
  const isBefore = content !== undefined && plan.overwrites && Buffer.compare(content, BEFORE) === 0
  const left: string[] = []
  for await (const found of store.listMultipartUploads({ prefix: key })) left.push(found.uploadId)

  if (outcome.stored) {
    assert.ok(isOurs, 'success was reported, but the object is not the source')
    assert.equal(outcome.result.size, bytes.length)
    assert.equal(outcome.result.crc64, (await store.head(key)).crc64)
    assert.ok(left.length <= (outcome.result.unknownUploads ?? 0), `${left.length} uploads are left behind`)
    assert.ok(
      !(plan.forbidOverwrite && plan.overwrites) || Buffer.compare(BEFORE, bytes) === 0,
      'an object was overwritten although that was forbidden',
    )
    return
  }
  const error = outcome.error as Partial<UploadError> & Error
  // Whole and ours, or as it was before: never anything between.
  assert.ok(
    content === undefined || isOurs || isBefore,
    `after "${error.message}" the object is neither ours nor the old one`,
  )
  if (isOurs && !isBefore) {
    const mayBeThere = error.outcomeUnknown === true || gaveUp(plan) || error.code === 'CHECKSUM_MISMATCH'
    assert.ok(mayBeThere, `failure was reported (${error.message}), but the object is stored`)
  }
  if (plan.overwrites) assert.ok(isThere, 'an existing object was deleted')
  const known = left.filter((uploadId) => uploadId !== error.uploadId)
  assert.ok(
    known.length <= (error.unknownUploads ?? 0),
    `${left.length} uploads are left behind after "${error.message}"`,
  )
  if (left.length > known.length) assert.ok(error.cleanupError, 'an upload is left behind without a word why')
}

/** Whoever gives up while the last answer is on its way may find the object there, whole. */
function gaveUp({ ending }: Plan): boolean {
  return ending.name === 'abort-later' || ending.name === 'abort' || ending.name === 'destroy'
}

async function put(store: ObjectStore, key: string, bytes: Buffer): Promise<void> {
  const stream = store.createUploadStream(key)
  stream.end(bytes)
  await stream.done
}
