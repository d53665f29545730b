/**
 * What takes too long for every run of the tests, by hand:
 *
 *     npm run test:scale -- --gib 64        one stream of that size to a receiver that discards it: is memory flat?
 *                           --part-gib 5  in parts of that size, two of which must fit in the machine's memory
 *     npm run test:scale -- --uploads 10000 so many uploads of 1 KiB: is anything left behind?
 *     npm run test:scale -- --parts 10000   Complete of so many parts
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startEmulator } from '../../src/emulator/index.js'
import { type ObjectStore, openStore } from '../../src/index.js'
import { startReceiver } from '../bench/receiver/start-receiver.js'
import { type MemorySample, streamSampled } from './discarded-stream.js'
import { manyParts } from './many-parts.js'
import { manyUploads, resources } from './many-uploads.js'

const MiB = 1024 ** 2
const GiB = 1024 ** 3

const { values } = parseArgs({
  options: {
    gib: { type: 'string' },
    'part-gib': { type: 'string' },
    uploads: { type: 'string' },
    parts: { type: 'string' },
  },
})
if (Object.keys(values).length === 0) throw new Error('say what: --gib N, --uploads N or --parts N')
if (values.gib !== undefined) await runStream(Number(values.gib), values['part-gib'])
if (values.uploads !== undefined) await runUploads(Number(values.uploads))
if (values.parts !== undefined) await runParts(Number(values.parts))

async function runStream(gib: number, partGib: string | undefined): Promise<void> {
  const partSize = partGib === undefined ? 8 * MiB : Number(partGib) * GiB
  const folder = mkdtempSync(join(tmpdir(), 'scale-'))
  const receiver = await startReceiver({ checksums: true, delayMs: 0, tls: false }, undefined, folder)
  const store = openStore({
    bucket: 'bucket',
    region: 'cn-hangzhou',
    endpoint: receiver.endpoint,
    credentials: { accessKeyId: 'scale', accessKeySecret: 'scale' },
    maxMemory: Math.max(256 * MiB, 2 * partSize),
  })
  try {
    const samples: MemorySample[] = []
    const onSample = (sample: MemorySample): void => {
      const { received, rss, heapUsed, arrayBuffers, cpuSeconds } = sample
      const cost = (cpuSeconds - (samples.at(-1)?.cpuSeconds ?? 0)).toFixed(2)
      const [memory, heap, buffers] = [rss, heapUsed, arrayBuffers].map((bytes) => Math.round(bytes / MiB))
      console.log(
        `${(received / GiB).toFixed(1)} GiB: RSS ${memory} MiB, heap ${heap}, buffers ${buffers}, ${cost} CPU-s since the last`,
      )
      samples.push(sample)
    }
    const { size, parts, crc64 } = await streamSampled(store, gib * GiB, GiB, onSample, { partSize })
    assert.equal(size, gib * GiB)
    const peakOf = (part: readonly MemorySample[]): number => Math.max(...part.map(({ rss }) => rss))
    const half = Math.ceil(samples.length / 2)
    const [first, second] = [peakOf(samples.slice(0, half)), peakOf(samples.slice(half))]
    console.log(
      `${parts} parts, verified by CRC-64 ${crc64}; peak RSS ${Math.round(first / MiB)} MiB in the first half, ${Math.round(second / MiB)} MiB in the second`,
    )
  } finally {
    await store.close()
    await receiver.stop()
    rmSync(folder, { recursive: true })
  }
}

async function runUploads(count: number): Promise<void> {
  await withEmbedded(async (store) => {
    const { signal } = new AbortController()
    const bytes = Buffer.alloc(1024, 'x')
    await manyUploads(store, 500, 50, bytes, signal)
    const before = resources(signal)
    await manyUploads(store, count, 50, bytes, signal)
    console.log({ before, after: resources(signal) })
  })
}

async function runParts(count: number): Promise<void> {
  await withEmbedded(async (store) => {
    const { size, crc64 } = await manyParts(store, count, 20)
    assert.equal(size, count)
    console.log(`an object of ${count} parts, CRC-64 ${crc64}`)
  })
}

async function withEmbedded(use: (store: ObjectStore) => Promise<void>): Promise<void> {
  const emulator = await startEmulator({ limits: { minPartSize: 1 } })
  const { region, endpoint, credentials } = emulator
  const store = openStore({ bucket: 'bucket', region, endpoint, credentials })
  try {
    await use(store)
  } finally {
    await store.close()
    await emulator.close()
  }
}
