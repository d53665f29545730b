/** One process that uploads to a memory driver with a checkpoint, and what it leaves when it is killed. */
import { createHash } from 'node:crypto'
import { tableEngine } from '../../src/checksum/engines/table-engine.js'
import { BufferPool } from '../../src/memory/buffer-pool.js'
import type { CheckpointNotice } from '../../src/upload/checkpoint/checkpoint-writer.js'
import type { RestartNotice } from '../../src/upload/checkpoint/restart.js'
import { Upload } from '../../src/upload/upload.js'
import type { ResumedUpload, UploadedPart } from '../../src/upload/upload-observer.js'
import type { UploadOptions } from '../../src/upload/upload-options.js'
import type { UploadResult } from '../../src/upload/upload-result.js'
import { MemoryCheckpoint } from './memory-checkpoint.js'
import { MemoryDriver, SMALL_PART } from './memory-driver.js'

export const KEY = 'k'

export interface Run {
  upload: Upload
  driver: MemoryDriver
  pool: BufferPool
  checkpoint: MemoryCheckpoint
  reported: {
    initiated: string[]
    parts: UploadedPart[]
    resumed: ResumedUpload[]
    restarted: RestartNotice[]
    checkpoints: CheckpointNotice[]
    failures: Error[]
  }
}

export function md5Etag(bytes: Uint8Array): string {
  return `"${createHash('md5').update(bytes).digest('hex').toUpperCase()}"`
}

export function startRun(
  driver: MemoryDriver,
  checkpoint: MemoryCheckpoint,
  options: UploadOptions = {},
  key: string = KEY,
): Run {
  const pool = new BufferPool(tableEngine, 64 * SMALL_PART)
  const reported: Run['reported'] = {
    initiated: [],
    parts: [],
    resumed: [],
    restarted: [],
    checkpoints: [],
    failures: [],
  }
  const upload = new Upload(
    { driver, pool },
    key,
    { partSize: SMALL_PART, concurrency: 3, checkpoint, ...options },
    {
      initiated: (uploadId) => reported.initiated.push(uploadId),
      part: (part) => void reported.parts.push(part),
      retry: () => undefined,
      failed: (error) => reported.failures.push(error),
      resumed: (resumed) => reported.resumed.push(resumed),
      restarted: (notice) => reported.restarted.push(notice),
      checkpoint: (notice) => reported.checkpoints.push(notice),
    },
  )
  return { upload, driver, pool, checkpoint, reported }
}

/** The numbers of the parts that were sent, in the order of their numbers. */
export function sentParts({ driver }: Run): number[] {
  return driver.log
    .filter((entry) => entry.startsWith('part '))
    .map((entry) => Number(entry.slice(5)))
    .sort((a, b) => a - b)
}

export async function writeAndFinish({ upload }: Run, bytes: Uint8Array): Promise<UploadResult> {
  for (let start = 0; start < bytes.length; start += 3000) await upload.write(bytes.subarray(start, start + 3000))
  return upload.finish()
}

/**
 * Lets a run go until it has done so many steps, each of them a side of a call or of a write; then nothing moves any
 * more, as if the process had been killed. Resolves with what it made of it.
 */
export async function runUntilKilled(run: Run, bytes: Uint8Array, steps: number): Promise<'killed' | 'done'> {
  const never = new Promise<never>(() => undefined)
  let left = steps
  return new Promise<'killed' | 'done'>((resolve, reject) => {
    const step = (): unknown => {
      left -= 1
      if (left >= 0) return undefined
      resolve('killed')
      return never
    }
    run.driver.on = step
    run.checkpoint.on = step
    writeAndFinish(run, bytes).then(() => resolve('done'), reject)
  })
}

/** What the next process finds. */
export function afterKill({ driver, checkpoint }: Run): { driver: MemoryDriver; checkpoint: MemoryCheckpoint } {
  return { driver: driver.forNextProcess(), checkpoint: new MemoryCheckpoint(checkpoint.text) }
}

/** A run of so many parts whose last one never gets an answer: what a kill leaves. */
export async function killedRun(
  bytes: Uint8Array,
  options: UploadOptions = {},
  prepare: (driver: MemoryDriver) => void = () => undefined,
): Promise<{ driver: MemoryDriver; checkpoint: MemoryCheckpoint }> {
  const driver = new MemoryDriver()
  driver.etagOf = md5Etag
  prepare(driver)
  const run = startRun(driver, new MemoryCheckpoint(), { concurrency: 1, ...options })
  const lastPart = Math.ceil(bytes.length / SMALL_PART)
  await new Promise<void>((resolve, reject) => {
    driver.on = ({ verb, when, partNumber }) => {
      if (verb !== 'part' || when !== 'before' || partNumber !== lastPart) return undefined
      resolve()
      return new Promise(() => undefined)
    }
    writeAndFinish(run, bytes).catch(reject)
  })
  return afterKill(run)
}
