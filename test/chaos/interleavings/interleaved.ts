/** Carries out transfers whose every step settles in an order by chance, and checks what must hold in the end. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { tableEngine } from '../../../src/checksum/engines/table-engine.js'
import { UploadError } from '../../../src/shared/errors.js'
import { DownloadStream } from '../../../src/stream/download-stream.js'
import { UploadStream } from '../../../src/stream/upload-stream.js'
import { someBytes } from '../../support/bytes.js'
import { CountedPool } from '../../support/counted-pool.js'
import { MemoryCheckpoint } from '../../support/memory-checkpoint.js'
import { lost, MemoryDriver } from '../../support/memory-driver.js'
import { randomOf } from '../../support/random.js'
import { crc64Of } from '../../support/scripted-service.js'
import type { ChaosOutcome, ChaosSubject } from '../chaos.js'
import { HeldSteps, interleave } from './held-steps.js'
import { type InterleavingPlan, interleavingPlans, type PlannedTransfer } from './interleaving-plan.js'

class PlannedError extends Error {}

/** Of the moments in which bytes of a range come, so many are held. */
const HELD_OF_RANGE = 1 / 15

/** One transfer under way, as its user sees it. */
interface Transfer {
  plan: PlannedTransfer
  key: string
  bytes: Buffer
  stream: UploadStream | DownloadStream
  checkpoint: MemoryCheckpoint | undefined
  /** What the reader of a download has. */
  read: Buffer[]
  events: string[]
  outcome: Promise<unknown>
  next: () => (() => void) | undefined
}

export const INTERLEAVINGS: ChaosSubject<InterleavingPlan> = { plans: interleavingPlans, carryOut }

async function carryOut(plan: InterleavingPlan): Promise<ChaosOutcome> {
  const random = randomOf(plan.order)
  const driver = new MemoryDriver()
  const pool = new CountedPool(tableEngine, plan.memory, 0)
  const steps = new HeldSteps()
  let moments = 0
  driver.on = ({ verb, when, context }) => {
    if (verb === 'get' && when === 'before' && random() > HELD_OF_RANGE) return undefined
    moments += 1
    const failure = plan.failures.find(({ nth }) => nth === moments)
    if (failure === undefined) return steps.hold()
    // What was carried out is not refused.
    const how = when === 'after' ? 'lost' : failure.how
    return steps.hold(errorOf(how)).finally(() => how === 'lost' && context.onOutcomeUnknown?.())
  }
  let writes = 0
  const holdWrite = (): Promise<void> => {
    writes += 1
    return steps.hold(plan.checkpointFailures.includes(writes) ? new PlannedError('the disk is full') : undefined)
  }
  const transfers = plan.transfers.map((transfer, i) => start(transfer, `object ${i}`, { driver, pool }, holdWrite))
  await interleave(
    steps,
    transfers.map(({ next }) => next),
    random,
    () => transfers.every(({ stream }) => stream.closed),
  )
  const outcomes = await Promise.all(transfers.map(({ outcome }) => outcome))
  // What a call that was cancelled is still about to do.
  while (steps.length > 0) {
    steps.settle(0)
    await new Promise(setImmediate)
  }
  assert.equal(driver.inFlight, 0, 'calls are in flight')
  assert.equal(pool.handedOutBytes, 0, 'memory was not given back')
  assert.ok(pool.most <= plan.memory, `${pool.most} bytes of ${plan.memory}`)
  for (const [i, transfer] of transfers.entries()) check(transfer, outcomes[i], driver)
  checkLeft(outcomes, driver)
  driver.on = () => undefined
  for (const transfer of transfers) await resume(transfer, { driver, pool })
  const error = outcomes.find((outcome) => outcome instanceof Error)
  return error === undefined ? { stored: true } : { stored: false, error }
}

function errorOf(how: InterleavingPlan['failures'][number]['how']): Error {
  if (how === 'lost') return lost()
  return how === 'refused' ? new UploadError('ACCESS_DENIED', 'AccessDenied') : new PlannedError('a bug')
}

interface Host {
  driver: MemoryDriver
  pool: CountedPool
}

function start(plan: PlannedTransfer, key: string, host: Host, holdWrite: () => Promise<void>): Transfer {
  const bytes = someBytes(plan.length, key.length + plan.length)
  const { partSize, concurrency } = plan
  const controller = new AbortController()
  const { signal } = controller
  const events: string[] = []
  const read: Buffer[] = []
  let checkpoint: MemoryCheckpoint | undefined
  let stream: UploadStream | DownloadStream
  if (plan.way === 'upload') {
    checkpoint = plan.checkpoint ? new MemoryCheckpoint() : undefined
    if (checkpoint !== undefined) checkpoint.on = holdWrite
    stream = new UploadStream(host, key, { partSize, concurrency, signal, checkpoint })
  } else {
    host.driver.objects.set(key, { bytes, crc64: crc64Of(bytes) })
    stream = new DownloadStream(host, key, { partSize, concurrency, signal })
    stream.on('readable', () => undefined)
  }
  for (const event of ['finish', 'end', 'error', 'close']) stream.on(event, () => events.push(event))
  const outcome = stream.done.catch((error: unknown) => error)
  const act =
    plan.way === 'upload' ? writer(stream as UploadStream, plan, bytes) : reader(stream as DownloadStream, plan, read)
  let actions = 0
  const next = (): (() => void) | undefined => {
    if (stream.destroyed) return undefined
    if ('after' in plan.ending && actions >= plan.ending.after) return end(plan, stream, controller)
    const action = act()
    return (
      action &&
      (() => {
        actions += 1
        action()
      })
    )
  }
  return { plan, key, bytes, stream, checkpoint, read, events, outcome, next }
}

/** Writes the chunks, mostly when there is room, and ends. */
function writer(stream: UploadStream, { chunks }: PlannedTransfer, bytes: Buffer): () => (() => void) | undefined {
  let at = 0
  let i = 0
  return () => {
    if (stream.writableEnded || (stream.writableNeedDrain && i % 3 > 0)) return undefined
    if (at >= bytes.length) return () => stream.end()
    return () => {
      const chunk = Buffer.from(bytes.subarray(at, at + (chunks[i % chunks.length] ?? 1)))
      at += chunk.length
      i += 1
      // A chunk may be changed once its callback is called.
      stream.write(chunk, () => chunk.fill(0))
    }
  }
}

function reader(stream: DownloadStream, { chunks }: PlannedTransfer, read: Buffer[]): () => (() => void) | undefined {
  let i = 0
  return () => {
    if (stream.readableEnded) return undefined
    return () => {
      i += 1
      const chunk = stream.read(Math.min(chunks[i % chunks.length] ?? 1, stream.readableLength || 1)) as Buffer | null
      if (chunk !== null) read.push(Buffer.from(chunk))
    }
  }
}

function end({ ending }: PlannedTransfer, stream: UploadStream | DownloadStream, controller: AbortController) {
  return (): void => {
    const error = new PlannedError(ending.name)
    if (ending.name === 'end and destroy' && stream instanceof UploadStream) stream.end()
    if (ending.name === 'abort' || ending.name === 'twice') controller.abort(error)
    if (ending.name !== 'abort') stream.destroy(ending.name === 'destroy' ? undefined : error)
  }
}

function check({ plan, key, bytes, read, events }: Transfer, outcome: unknown, driver: MemoryDriver): void {
  const settled = plan.way === 'upload' ? 'finish' : 'end'
  const isDone = !(outcome instanceof Error)
  const expected = [settled, 'error', 'close'].map((event) => events.filter((found) => found === event).length)
  assert.equal(expected[2], 1, 'close was not emitted once')
  assert.ok(
    expected[0] === (isDone ? 1 : 0) || (!isDone && isMarked(outcome)),
    `${settled} was emitted ${expected[0]} times`,
  )
  assert.ok((expected[1] ?? 0) <= (isDone ? 0 : 1), 'an error was emitted twice, or of what was done')
  if (plan.way === 'download') {
    const found = Buffer.concat(read)
    assert.ok(bytes.subarray(0, found.length).equals(found), 'other bytes were read')
    assert.ok(!isDone || found.length === bytes.length, 'it ended too early')
    return
  }
  const object = driver.objects.get(key)?.bytes
  assert.ok(object === undefined || object.equals(bytes), 'the object is not the source')
  if (isDone) assert.ok(object !== undefined, 'nothing is stored')
  else assert.ok(object === undefined || isMarked(outcome), `it failed, but the object exists: ${outcome.message}`)
}

function isMarked(error: Error): boolean {
  return (error as Partial<UploadError>).outcomeUnknown === true
}

/** An upload is left only where an error says so. */
function checkLeft(outcomes: readonly unknown[], driver: MemoryDriver): void {
  const errors = outcomes.filter((outcome) => outcome instanceof Error) as (Error & Partial<UploadError>)[]
  const known = new Set(errors.map(({ uploadId }) => uploadId))
  const left = [...driver.uploads.keys()].filter((uploadId) => !known.has(uploadId))
  const unknown = outcomes.reduce<number>(
    (sum, outcome) => sum + ((outcome as { unknownUploads?: number }).unknownUploads ?? 0),
    0,
  )
  assert.ok(left.length <= unknown, `${left.length} uploads are left behind`)
  for (const { uploadId, resumable, cleanupError } of errors) {
    if (uploadId === undefined || !driver.uploads.has(uploadId)) continue
    assert.ok(resumable === true || cleanupError !== undefined, 'an upload is left behind without a word why')
  }
}

/** What was kept is resumed, and stored whole. */
async function resume({ plan, key, bytes, checkpoint }: Transfer, host: Host): Promise<void> {
  if (checkpoint?.record === undefined) return
  checkpoint.on = () => undefined
  const { partSize, concurrency } = plan
  const stream = new UploadStream(host, key, { partSize, concurrency, checkpoint })
  stream.end(bytes)
  await once(stream, 'close')
  assert.ok(host.driver.objects.get(key)?.bytes.equals(bytes), 'what was resumed is not the source')
  assert.equal(checkpoint.text, undefined)
}
