/** Reads the object in the way that the first argument names, with the target in the second one, and reports what that cost. */
import { Buffer } from 'node:buffer'
import { openSync, writeSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import process from 'node:process'
import { finished } from 'node:stream/promises'
import { Agent } from 'undici'
import { crc64Engine } from '../../../src/checksum/engine.js'
import { openStore } from '../../../src/index.js'
import { BUCKET, CREDENTIALS, REGION } from '../contender.js'
import type { ReadTarget } from './read-clients.js'

const [how = '', text = ''] = process.argv.slice(2)
const target = JSON.parse(text) as ReadTarget
const { endpoint, partSize, concurrency, size } = target

/** What a client cannot do without: the same ranges, `concurrency` in flight, thrown away or written as they come. */
async function floor(take: (chunk: Buffer) => void = () => undefined): Promise<void> {
  const agent = new Agent({ connections: concurrency })
  let next = 0
  let received = 0
  const fetchSome = async (): Promise<void> => {
    while (next < size) {
      const start = next
      next += partSize
      await new Promise<void>((resolve, reject) => {
        const headers = { range: `bytes=${start}-${Math.min(size, next) - 1}` }
        agent.dispatch(
          { origin: endpoint, path: `/${BUCKET}/object`, method: 'GET', headers },
          {
            onRequestStart: () => undefined,
            onResponseStart: () => undefined,
            onResponseData: (_: unknown, chunk: Buffer) => {
              received += chunk.length
              take(chunk)
            },
            onResponseEnd: () => resolve(),
            onResponseError: (_: unknown, error: Error) => reject(error),
          },
        )
      })
    }
  }
  await Promise.all(Array.from({ length: concurrency }, fetchSome))
  if (received !== size) throw new Error(`${received} bytes came`)
  await agent.close()
}

const store = () =>
  openStore({ bucket: BUCKET, region: REGION, endpoint, credentials: CREDENTIALS, maxMemory: 512 * 1024 ** 2 })

const READERS: Record<string, () => Promise<void>> = {
  floor: () => floor(),
  async summed() {
    const part = crc64Engine().createPartBuffer(partSize)
    await floor((chunk) => {
      if (chunk.length > part.capacity - part.length) part.clear()
      part.append(chunk, 0, chunk.length)
    })
  },
  async written() {
    // Opened again, as Node.js makes its own descriptor non-blocking.
    const output = openSync('/proc/self/fd/1', 'w')
    await floor((chunk) => {
      for (let at = 0; at < chunk.length;) at += writeSync(output, chunk, at)
    })
  },
  async views() {
    const opened = store()
    const { verified } = await opened.createDownloadStream('object', { partSize, concurrency }).writeTo(async () => {})
    if (verified !== 'crc64') throw new Error(`verified by ${verified}`)
    await opened.close()
  },
  async stream() {
    const opened = store()
    const download = opened.createDownloadStream('object', { partSize, concurrency })
    download.resume()
    const { verified } = await download.done
    if (verified !== 'crc64') throw new Error(`verified by ${verified}`)
    await opened.close()
  },
  async get() {
    const opened = store()
    const { body } = await opened.get('object')
    await finished(body.resume())
    await opened.close()
  },
  async file() {
    const opened = store()
    const file = `${target.folder}/downloaded`
    await opened.downloadFile('object', file, { partSize, concurrency })
    await opened.close()
    await rm(file)
  },
}

const before = process.cpuUsage()
await READERS[how]?.()
// Without the start of the process, and what compiles its sources.
writeSync(3, `own ${JSON.stringify(process.cpuUsage(before))}\n`)
