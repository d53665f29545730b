/**
 * What takes too long for every run of the tests; run it yourself:
 *
 *     npm run test:scale -- --gib 64        one stream of that size to a receiver that discards it: is memory flat?
 *                           --part-gib 5  in parts of that size, two of which must fit in the machine's memory
 *     npm run test:scale -- --download-gib 64 --reader-mib 250 an object of that size in a Readable whose reader takes so
 *                           much a second: is memory flat?
 *     npm run test:scale -- --uploads 10000 so many uploads of 1 KiB: is anything left behind?
 *     npm run test:scale -- --parts 10000   Complete of so many parts
 */
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startEmulator } from '../../src/emulator/index.js'
import { type ObjectStore, openStore } from '../../src/index.js'
import type { SenderOptions } from '../bench/download/sender-options.js'
import { startReceiver } from '../bench/receiver/start-receiver.js'
import { PROGRAM_OPTIONS, programOf } from '../support/project.js'
import { type MemorySample, streamSampled } from './discarded-stream.js'
import { manyParts } from './many-parts.js'
import { manyUploads, resources } from './many-uploads.js'
import { readSlowly } from './slow-reader.js'

const MiB = 1024 ** 2
const GiB = 1024 ** 3

const { values } = parseArgs({
  options: {
    gib: { type: 'string' },
    'part-gib': { type: 'string' },
    'download-gib': { type: 'string' },
    'reader-mib': { type: 'string', default: '250' },
    uploads: { type: 'string' },
    parts: { type: 'string' },
  },
})
const { gib, 'download-gib': downloadGib, uploads, parts } = values
if ([gib, downloadGib, uploads, parts].every((value) => value === undefined)) {
  throw new Error('say what: --gib N, --download-gib N, --uploads N or --parts N')
}
if (gib !== undefined) await runStream(Number(gib), values['part-gib'])
if (downloadGib !== undefined) await runDownload(Number(downloadGib), Number(values['reader-mib']))
if (uploads !== undefined) await runUploads(Number(uploads))
if (parts !== undefined) await runParts(Number(parts))

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
    const { samples, onSample } = sampling()
    const { size, parts, crc64 } = await streamSampled(store, gib * GiB, GiB, onSample, { partSize })
    assert.equal(size, gib * GiB)
    console.log(`${parts} parts, verified by CRC-64 ${crc64}; ${peaksOf(samples)}`)
  } finally {
    await store.close()
    await receiver.stop()
    rmSync(folder, { recursive: true })
  }
}

async function runDownload(gib: number, readerMib: number): Promise<void> {
  const options: SenderOptions = { size: gib * GiB, delayMs: 0 }
  const sender = fork(programOf('test/bench/download/sender.ts'), [JSON.stringify(options)], {
    execArgv: [...PROGRAM_OPTIONS],
  })
  const [endpoint] = (await once(sender, 'message')) as [string]
  const store = openStore({
    bucket: 'bucket',
    region: 'cn-hangzhou',
    endpoint,
    credentials: { accessKeyId: 'scale', accessKeySecret: 'scale' },
  })
  try {
    console.log(`RSS ${Math.round(process.memoryUsage.rss() / MiB)} MiB at the start`)
    const { samples, onSample } = sampling()
    const begunAt = performance.now()
    const { result, progress } = await readSlowly(store, 'object', readerMib * MiB, GiB, onSample)
    assert.equal(result.size, gib * GiB)
    const seconds = Math.round((performance.now() - begunAt) / 1000)
    const { verified, crc64, ranges } = result
    console.log(`${ranges} ranges in ${seconds} s, verified by ${verified} ${crc64}; ${peaksOf(samples)}`)
    console.log(`the slow side was the ${progress.slowSide}`)
  } finally {
    await store.close()
    sender.disconnect()
    await once(sender, 'exit')
  }
}

/** Prints each sample, and keeps it. */
function sampling(): { samples: MemorySample[]; onSample: (sample: MemorySample) => void } {
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
  return { samples, onSample }
}

function peaksOf(samples: readonly MemorySample[]): string {
  const peakOf = (some: readonly MemorySample[]): number => Math.round(Math.max(...some.map(({ rss }) => rss)) / MiB)
  const half = Math.ceil(samples.length / 2)
  const [first, second] = [peakOf(samples.slice(0, half)), peakOf(samples.slice(half))]
  return `peak RSS ${first} MiB in the first half, ${second} MiB in the second`
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
