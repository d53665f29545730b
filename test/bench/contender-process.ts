/** One contender's upload in a process of its own: does the job it is given in JSON, sends what that cost, and ends. */
import { Buffer } from 'node:buffer'
import process from 'node:process'
import { CONTENDERS } from './contenders/all.js'
import { ChunkSource } from './chunk-source.js'
import type { Client } from './contender.js'
import type { Cost, Job } from './job.js'

const job = JSON.parse(process.argv[2] ?? '') as Job
const contender = CONTENDERS.find(({ name }) => name === job.contender)

process.on('disconnect', () => process.exit())

await tell(
  await cost().catch((error: unknown) => ({ failure: error instanceof Error ? error.message : String(error) })),
)
// Some keep connections, and with them the process, open for long.
process.exit()

async function cost(): Promise<Cost> {
  if (contender === undefined) throw new Error('no such contender')
  const client = await contender.open(job)
  await uploadAll(client, 'warm-up', job.warmUp)
  // The memory of the source is no cost of the upload.
  if (job.kind === 'stream') new ChunkSource(0).destroy()

  const ownRss = process.memoryUsage.rss()
  const cpu = process.cpuUsage()
  const begunAt = performance.now()
  await uploadAll(client, 'object', job)
  const wallSeconds = (performance.now() - begunAt) / 1000
  const { user, system } = process.cpuUsage(cpu)
  const peakRss = process.resourceUsage().maxRSS * 1024
  await client.close?.()
  return { userSeconds: user / 1e6, systemSeconds: system / 1e6, wallSeconds, ownRss, peakRss }
}

async function tell(message: Cost | { failure: string }): Promise<void> {
  await new Promise((resolve) => process.send?.(message, resolve))
}

/** `inFlight` at a time until there are `objects`. */
async function uploadAll(to: Client, name: string, { size, objects }: Job['warmUp']): Promise<void> {
  let next = 0
  const uploadSome = async (): Promise<void> => {
    while (next < objects) {
      next += 1
      await upload(to, `${name}-${next}`, size)
    }
  }
  await Promise.all(Array.from({ length: job.inFlight }, uploadSome))
}

async function upload(to: Client, key: string, size: number): Promise<void> {
  const { kind } = job
  if (kind === 'bytes' && to.bytes) await to.bytes(key, smallObject(size))
  else if (kind === 'file' && to.file) await to.file(key, job.file)
  else if (kind === 'stream' && to.stream) await to.stream(key, new ChunkSource(size))
  else throw new Error(`${job.contender} cannot upload as ${kind}`)
}

function smallObject(size: number): Buffer {
  return Buffer.alloc(size, 'x')
}
