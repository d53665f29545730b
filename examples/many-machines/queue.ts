/** What the machines agree on: the queues, and what a job is about. */
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

/** The object that the parts make. */
export interface ObjectJob {
  key: string
  uploadId: string
  size: number
  crc64: string
}

/** It waits for Redis as long as that is away: a worker has nothing else to do. */
export const connection = new Redis(process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379', {
  maxRetriesPerRequest: null,
})

export const queueOptions: QueueOptions = {
  connection,
  // A name of their own keeps several coordinators on one Redis apart.
  prefix: process.env['QUEUE_PREFIX'] ?? 'oss-upload-stream',
}

/** The library tries each request again by itself; a job is tried again when its machine failed. */
export const jobOptions: JobsOptions = { attempts: 5, backoff: { type: 'exponential', delay: 1000 } }

/** After this long without a sign of life, a machine's part is given to another one. */
export const lockDuration = Number(process.env['LOCK_MS'] ?? 30_000)
