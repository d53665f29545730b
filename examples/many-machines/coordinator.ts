/**
 * Uploads a file from many machines: plans the parts, puts them in a queue, and waits for the object.
 *
 *     node --import tsx examples/many-machines/coordinator.ts images/disk.img /shared/disk.img
 *
 * Workers (worker.ts) send the parts, on any machine that sees the file at the same path. This process may end once the
 * jobs are queued: the last worker completes the upload, or aborts it when a part cannot be sent.
 */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { FlowProducer, QueueEvents } from 'bullmq'
import { createCrc64, openStore } from 'oss-upload-stream'
import { connection, jobOptions, OBJECTS, type ObjectJob, type PartJob, PARTS, queueOptions } from './queue.js'

const [key, path, partSize] = process.argv.slice(2)
if (key === undefined || path === undefined) throw new Error('give a key, a file and, if you like, bytes of a part')

const store = openStore()
const { size } = await stat(path)
// Read once here, so that a worker with an old copy of the file is detected before anything is published.
const crc64 = createCrc64()
for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) crc64.update(chunk as Buffer)

const plan = store.planParts(size, partSize === undefined ? {} : { partSize: Number(partSize) })
const upload = { key, uploadId: await store.initiateMultipartUpload(key) }
const flow = new FlowProducer(queueOptions)
const events = new QueueEvents(OBJECTS, queueOptions)
await events.waitUntilReady()
try {
  const { job } = await flow.add({
    queueName: OBJECTS,
    name: key,
    data: { ...upload, size, crc64: crc64.digest() } satisfies ObjectJob,
    opts: { ...jobOptions },
    children: plan.map((range) => ({
      queueName: PARTS,
      name: `${key} part ${range.partNumber}`,
      data: { ...upload, path, ...range } satisfies PartJob,
      // The job of the object still runs then, and aborts the upload.
      opts: { ...jobOptions, continueParentOnFailure: true },
    })),
  })
  console.log(`${plan.length} parts of ${key} are queued`)
  const result: unknown = await job.waitUntilFinished(events)
  console.log(`stored ${key}: ${JSON.stringify(result)}`)
} catch (error) {
  // Has no effect if a worker has completed or aborted it.
  await store.abortMultipartUpload(upload)
  throw error
} finally {
  await Promise.all([events.close(), flow.close(), store.close()])
  connection.disconnect()
}
