/** Uploads in a worker thread, for smoke.js. */
import { pipeline } from 'node:stream/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { openStore } from 'oss-upload-stream'

const { options, key, partSize, bytes } = workerData
const store = openStore(options)
const upload = store.createUploadStream(key, { partSize })
await pipeline([bytes], upload)
const { parts, crc64 } = await upload.done
await store.close()
parentPort.postMessage({ parts, crc64 })
