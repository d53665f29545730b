/** Reads an object as a plan has it, and checks what must hold afterwards, whatever happened. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import type { Emulator } from '../../../src/emulator/index.js'
import { type DownloadResult, type ObjectStore, openStore, type StoreOptions, UploadError } from '../../../src/index.js'
import { formatCrc64 } from '../../../src/checksum/decimal.js'
import { readAll, someBytes } from '../../support/bytes.js'
import { exists } from '../../support/emulated-store.js'
import { crc64Of } from '../../support/scripted-service.js'
import { type ChaosOutcome, type ChaosSubject, SOURCE } from '../chaos.js'
import { RANGE, type ReadPlan, readPlans } from './read-plan.js'

const OTHER = someBytes(13 * RANGE, 8)
const BEFORE = Buffer.from('what was there before')

/** An error of the plan's own: of whoever destroys the stream. */
class PlannedError extends Error {}

/** One download under way. */
interface Reading {
  plan: ReadPlan
  store: ObjectStore
  key: string
  /** Bytes of the object now. */
  objectSize: number
  /** To be called with the share of the bytes that are read; resolves when the object is changed, if that is due. */
  progressed: (share: number) => Promise<void>
  signal: AbortSignal
}

/** Downloads, as a stream and into a file. */
export const READING: ChaosSubject<ReadPlan> = { plans: readPlans, carryOut: readOut }

async function readOut(plan: ReadPlan, emulator: Emulator, key: string): Promise<ChaosOutcome> {
  const bystander = openStore({ ...storeOptions(plan, emulator), timeouts: { answerMs: 10_000, stallMs: 10_000 } })
  const store = openStore({
    ...storeOptions(plan, emulator),
    maxMemory: plan.maxMemory,
    timeouts: { connectMs: 2000, answerMs: 100, stallMs: 100 },
  })
  const folder = await mkdtemp(path.join(tmpdir(), 'oss-upload-stream-'))
  const file = path.join(folder, 'target')
  const contents = [SOURCE.subarray(0, plan.size)]
  const controller = new AbortController()
  const { change, ending, into } = plan
  let isChanged = change.name === 'none'
  const progressed = async (share: number): Promise<void> => {
    if (ending.name === 'abort' && share >= ending.after) controller.abort(new PlannedError('aborted'))
    if (isChanged || change.name === 'none' || share < change.after) return
    isChanged = true
    const other = OTHER.subarray(0, plan.size + (change.name === 'resized' ? 1000 : 0))
    if (change.name !== 'deleted') contents.push(other)
    await (change.name === 'deleted' ? bystander.delete(key) : put(bystander, key, other))
  }
  const timer =
    ending.name === 'abort-later'
      ? setTimeout(() => controller.abort(new PlannedError('aborted')), ending.ms)
      : undefined
  try {
    await put(bystander, key, contents[0] ?? BEFORE)
    await put(bystander, `${key} of others`, SOURCE.subarray(0, 100))
    if (into.name === 'file' && into.existed) await writeFile(file, BEFORE)
    const { etag } = await bystander.head(key)
    for (const fault of plan.faults) emulator.faults.inject(fault)
    for (const place of plan.lies) lie(emulator, plan, place, etag)
    const reading = { plan, store, key, objectSize: plan.size, progressed, signal: controller.signal }
    const outcome =
      into.name === 'stream' ? await readStream(reading, contents) : await readFileOf(reading, folder, file, contents)
    emulator.faults.clear()
    // Waits for all memory of the store.
    const last = store.createDownloadStream(`${key} of others`, { partSize: plan.maxMemory })
    assert.ok(SOURCE.subarray(0, 100).equals(await readAll(last)))
    if (into.name === 'file' && into.checkpoint) await readAgain(bystander, plan, key, folder, file, contents)
    return outcome
  } finally {
    clearTimeout(timer)
    emulator.faults.clear()
    await Promise.all([store.close(), bystander.close()])
    await rm(folder, { recursive: true })
  }
}

function storeOptions({ service }: ReadPlan, { region, endpoint, credentials }: Emulator): StoreOptions {
  const retry = { maxAttempts: 4, baseDelayMs: 1, maxDelayMs: 5 }
  const common = { bucket: 'chaos', region, endpoint, credentials, retry }
  if (service === 'oss') return common
  if (service === 'obs') return { ...common, provider: 'obs' }
  const checksum = service.slice(3) as 'md5' | 'crc32' | 'crc64nvme'
  return { ...common, provider: 's3', addressing: 'path', checksum }
}

/** The answer to a range that has all its marks, and other bytes. */
function lie(emulator: Emulator, { size, partSize }: ReadPlan, place: number, etag: string): void {
  const start = place * partSize
  const end = Math.min(start + partSize, size)
  if (start >= end) return
  const headers = { ETag: etag, 'Content-Range': `bytes ${start}-${end - 1}/${size}`, 'x-oss-request-id': 'R' }
  const action = { type: 'answer', status: 206, headers, body: 'x'.repeat(end - start) } as const
  emulator.faults.inject({ match: { operation: 'GetObject' }, skip: place, action })
}

async function readStream(reading: Reading, contents: readonly Buffer[]): Promise<ChaosOutcome> {
  const { plan, store, key, objectSize, progressed, signal } = reading
  const { partSize, concurrency, verify, into, ending } = plan
  const range = rangeOf(plan)
  const download = store.createDownloadStream(key, { partSize, concurrency, verify, range, signal })
  const chunks: Buffer[] = []
  let taken = 0
  let hasEnded = false
  download.once('end', () => (hasEnded = true))
  // The loop below listens only later, and then sees the error as well.
  download.on('error', () => undefined)
  try {
    await progressed(0)
    const { takes, pauses } = into.name === 'stream' ? into : { takes: RANGE, pauses: [] }
    let due = 0
    for await (const chunk of download as AsyncIterable<Buffer>) {
      chunks.push(Buffer.from(chunk))
      taken += chunk.length
      const share = objectSize === 0 ? 1 : taken / objectSize
      if (ending.name === 'destroy' && share >= ending.after) download.destroy(new PlannedError('destroyed'))
      await progressed(share)
      due += chunk.length
      if (due < takes) continue
      due = 0
      const pause = pauses[chunks.length % pauses.length]
      if (pause === 'turn') await turn()
      if (pause === 'ms') await sleep(3)
    }
    const result = await download.done
    const read = Buffer.concat(chunks)
    const object = contents.find((bytes) => result.size <= bytes.length && sliceOf(bytes, range).equals(read))
    assert.ok(hasEnded)
    const canLie = plan.lies.length > 0 && result.verified === 'size'
    assert.ok(object !== undefined || canLie, 'the stream ended, but its bytes are not those of an object')
    if (object !== undefined) checkResult(result, read, plan)
    return { stored: true }
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error
    await assert.rejects(download.done)
    assert.equal(download.destroyed, true)
    assert.equal(hasEnded, false, 'the stream ended although it failed')
    const read = Buffer.concat(chunks)
    const isOfOne = contents.some((bytes) => sliceOf(bytes, range).subarray(0, read.length).equals(read))
    assert.ok(isOfOne || plan.lies.length > 0, `after "${(error as Error).message}" bytes of no object were handed on`)
    return failed(error)
  }
}

async function readFileOf(
  reading: Reading,
  folder: string,
  file: string,
  contents: readonly Buffer[],
): Promise<ChaosOutcome> {
  const { plan, store, key, objectSize, progressed, signal } = reading
  const { partSize, concurrency, verify, into } = plan
  const checkpoint = into.name === 'file' && into.checkpoint
  const options = { partSize, concurrency, verify, signal, checkpoint }
  let outcome: ChaosOutcome
  try {
    await progressed(0)
    const result = await store.downloadFile(key, file, {
      ...options,
      onProgress: ({ delivered }) => progressed(delivered / Math.max(1, objectSize)),
    })
    const found = await readFile(file)
    const canLie = plan.lies.length > 0 && result.verified === 'size'
    assert.ok(canLie || contents.some((bytes) => bytes.equals(found)), 'the file is not the object')
    checkResult(result, found, plan)
    outcome = { stored: true }
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error
    outcome = failed(error)
    const found = await readFile(file).catch(() => undefined)
    assert.deepEqual(found, into.name === 'file' && into.existed ? BEFORE : undefined, 'the file was changed')
  }
  const left = (await readdir(folder)).filter((name) => name !== 'target').map((name) => path.extname(name))
  const mayBeLeft = checkpoint && !outcome.stored ? ['.checkpoint', '.partial'] : []
  assert.ok(left.length === 0 || left.sort().join() === mayBeLeft.join(), `${left.join()} are left behind`)
  return outcome
}

/**
 * Resumes what failed, without faults. Bytes that a response had by a lie may be among those that are resumed: that is found
 * in the end, and another run reads all anew.
 */
async function readAgain(
  store: ObjectStore,
  plan: ReadPlan,
  key: string,
  folder: string,
  file: string,
  contents: readonly Buffer[],
): Promise<void> {
  const wasLiedTo = plan.lies.length > 0
  const read = async (expected: string): Promise<DownloadResult | undefined> =>
    store.downloadFile(key, file).catch((error: unknown) => {
      assert.equal((error as UploadError).code, expected)
      return undefined
    })
  const isThere = await exists(store, key)
  let result = await read(isThere ? 'CHECKSUM_MISMATCH' : 'NOT_FOUND')
  if (!isThere) return
  assert.ok(result !== undefined || wasLiedTo, 'what was resumed has another checksum than the object')
  result ??= await read('none')
  const isObject = contents.at(-1)?.equals(await readFile(file)) === true
  assert.ok(isObject || (wasLiedTo && result?.verified === 'size'), 'the file that was resumed is not the object')
  assert.deepEqual(await readdir(folder), ['target'])
}

function checkResult(result: DownloadResult, read: Buffer, plan: ReadPlan): void {
  const { service, into, verify } = plan
  assert.equal(result.size, read.length)
  if (result.verified !== 'size') assert.equal(result.crc64, formatCrc64(crc64Of(read)))
  const isRange = rangeOf(plan) !== undefined && into.name === 'stream'
  const expected = { oss: 'crc64', obs: 'crc64', 's3 md5': 'etag', 's3 crc32': 'crc32', 's3 crc64nvme': 'crc64nvme' }
  // A response may have been answered without its marks by a fault.
  const usual = isRange ? 'size' : expected[service]
  assert.ok([usual, 'size', 'etag'].includes(result.verified), `${result.verified}, ${verify}`)
}

/** What fails for another reason than the plan's is an UploadError. */
function failed(error: unknown): ChaosOutcome {
  assert.ok(error instanceof UploadError || error instanceof PlannedError, String(error))
  return { stored: false, error }
}

function rangeOf({ range, size }: ReadPlan): { start: number; end?: number } | undefined {
  if (range === undefined || size === 0) return undefined
  const start = Math.min(size - 1, Math.floor(range.start * size))
  const { end } = range
  return end === undefined ? { start } : { start, end: start + Math.floor(end * size) }
}

function sliceOf(bytes: Buffer, range: { start: number; end?: number } | undefined): Buffer {
  return range === undefined ? bytes : bytes.subarray(range.start, (range.end ?? Infinity) + 1)
}

async function put(store: ObjectStore, key: string, bytes: Buffer): Promise<void> {
  await store.upload(key, bytes)
}
