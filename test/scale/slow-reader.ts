import { setTimeout as sleep } from 'node:timers/promises'
import type { DownloadOptions, DownloadProgress, DownloadResult, ObjectStore } from '../../src/index.js'
import { type MemorySample, sample } from './discarded-stream.js'

/** Reads an object no faster than `bytesPerSecond`, and samples every `every` bytes: memory must not depend on how far it is. */
export async function readSlowly(
  store: ObjectStore,
  key: string,
  bytesPerSecond: number,
  every: number,
  onSample: (sample: MemorySample) => void,
  options: DownloadOptions = {},
): Promise<{ result: DownloadResult; progress: DownloadProgress }> {
  const download = store.createDownloadStream(key, options)
  const begunAt = performance.now()
  let taken = 0
  let next = every
  for await (const chunk of download as AsyncIterable<Buffer>) {
    taken += chunk.length
    const aheadMs = (taken / bytesPerSecond) * 1000 - (performance.now() - begunAt)
    if (aheadMs > 5) await sleep(aheadMs)
    if (taken < next) continue
    next += every
    onSample(sample(taken))
  }
  return { result: await download.done, progress: download.progress }
}
