/** A process that uploads its standard input with a checkpoint, and tells of each step, so that it can be killed at any. */
import process from 'node:process'
import { pipeline } from 'node:stream/promises'
import { openStore } from 'oss-upload-stream'
import type { KillTask } from './kill-rounds.js'

const { store: options, key, checkpoint, partSize, concurrency } = JSON.parse(process.argv[2] ?? '') as KillTask
const store = openStore(options)
const upload = store.createUploadStream(key, { partSize, concurrency, checkpoint })
upload.on('restarted', ({ reason }) => process.send?.({ event: 'restarted', reason }))
for (const event of ['initiated', 'resumed', 'part', 'checkpoint'] as const) {
  upload.on(event, () => process.send?.({ event }))
}
await pipeline(process.stdin, upload).finally(() => upload.done)
process.send?.({ event: 'done', result: await upload.done })
await store.close()
process.disconnect()
