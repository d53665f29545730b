/** What the machines share: the queues, and the types of their jobs. */
import type { JobsOptions, QueueOptions } from 'bullmq'
import { Redis } from 'ioredis'

export const PARTS = 'upload-parts'
export const OBJECTS = 'upload-objects'

/** One part: a range of the file, which every machine sees at the same path. */
export interface PartJob {
  key: string
  uploadId: string
  path: string
  partNumber: number
  start: number
  end: number
}

/** The object that is made of the parts. */
export interface ObjectJob {
  key: string
  uploadId: string
  size: number
  crc64: string
}

/** Waits for Redis indefinitely, because a worker has nothing else to do. */
export const connection = new Redis(process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379', {
  maxRetriesPerRequest: null,
})

export const queueOptions: QueueOptions = {
  connection,
  // A unique name separates several coordinators on one Redis.
  prefix: process.env['QUEUE_PREFIX'] ?? 'oss-upload-stream',
}

/** The library retries each request itself; a job is retried if its machine failed. */
export const jobOptions: JobsOptions = { attempts: 5, backoff: { type: 'exponential', delay: 1000 } }

/** Milliseconds without a heartbeat after which a machine's part is given to another one. */
export const lockDuration = Number(process.env['LOCK_MS'] ?? 30_000)
