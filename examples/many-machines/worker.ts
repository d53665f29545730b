/**
 * Sends parts that a coordinator has queued, and completes an upload when its last part is sent. Start as many as you
 * like, on all machines with access to the file:
 *
 *     node --import tsx examples/many-machines/worker.ts
 *
 * A worker may be killed at any time: another one sends its part again, which replaces the part.
 */
import { type Job, UnrecoverableError, Worker } from 'bullmq'
import { openStore, type SentPart, UploadError } from 'oss-upload-stream'
import { connection, lockDuration, OBJECTS, type ObjectJob, type PartJob, PARTS, queueOptions } from './queue.js'

const store = openStore()

/** The queue keeps the result until the job of the object needs it. */
async function sendPart({ data }: Job<PartJob>): Promise<SentPart> {
  const { key, uploadId, partNumber, path, start, end } = data
  return unlessFinal(store.uploadPart({ key, uploadId }, partNumber, { path, start, end }))
}

async function makeObject(job: Job<ObjectJob>): Promise<{ etag: string; crc64: string }> {
  const { key, uploadId, size, crc64 } = job.data
  const failures = Object.values(await job.getIgnoredChildrenFailures())
  try {
    if (failures.length > 0) throw new UnrecoverableError(`${failures.length} parts were not sent: ${failures[0]}`)
    const parts = Object.values(await job.getChildrenValues<SentPart>())
    const expected = { expectedSize: size, expectedCrc64: crc64 }
    const { etag } = await unlessFinal(store.completeMultipartUpload({ key, uploadId }, parts, expected))
    return { etag, crc64 }
  } catch (error) {
    const isLast = error instanceof UnrecoverableError || job.attemptsMade + 1 >= (job.opts.attempts ?? 1)
    if (isLast) await store.abortMultipartUpload({ key, uploadId })
    throw error
  }
}

/** Prevents retries of errors that cannot be overcome. */
async function unlessFinal<T>(task: Promise<T>): Promise<T> {
  try {
    return await task
  } catch (error) {
    if (error instanceof UploadError && !error.retryable) throw new UnrecoverableError(error.message)
    throw error
  }
}

const settings = { ...queueOptions, lockDuration, stalledInterval: lockDuration, maxStalledCount: 10 }
const workers = [
  new Worker<PartJob, SentPart>(PARTS, sendPart, { ...settings, concurrency: 4 }),
  new Worker<ObjectJob>(OBJECTS, makeObject, settings),
]
for (const worker of workers) worker.on('error', (error) => console.error(error.message))
console.log('waiting for parts')

process.once('SIGTERM', () => void stop())

/** Finishes the current jobs, and accepts no new ones. */
async function stop(): Promise<void> {
  await Promise.all(workers.map((worker) => worker.close()))
  await store.close()
  connection.disconnect()
}
