import { pipeline } from 'node:stream/promises'
import type { ObjectStore, UploadOptions, UploadResult } from '../../src/index.js'
import { ChunkSource } from '../bench/chunk-source.js'

export interface MemorySample {
  /** Bytes received from the source. */
  received: number
  rss: number
  heapUsed: number
  arrayBuffers: number
  cpuSeconds: number
}

/** One stream of `size` bytes, sampled every `every` bytes: what it costs must not depend on how far it is. */
export async function streamSampled(
  store: ObjectStore,
  size: number,
  every: number,
  onSample: (sample: MemorySample) => void,
  options: UploadOptions = {},
): Promise<UploadResult> {
  const upload = store.createUploadStream('stream', options)
  let next = every
  upload.on('part', () => {
    const { received } = upload.progress
    if (received < next) return
    next += every
    onSample(sample(received))
  })
  await pipeline(new ChunkSource(size), upload)
  onSample(sample(size))
  return upload.done
}

export function sample(received: number): MemorySample {
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage()
  const { user, system } = process.cpuUsage()
  return { received, rss, heapUsed, arrayBuffers, cpuSeconds: (user + system) / 1e6 }
}
