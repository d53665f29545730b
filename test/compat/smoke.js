/**
 * What the packed package must do under every runtime, as one program without other dependencies: it is copied beside an
 * installed package and run there. One line a check; the status is 1 when one of them failed.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import { createUploadStream, openStore, UploadError } from 'oss-upload-stream'
import { startEmulator } from 'oss-upload-stream/emulator'

const PART = 100 * 1024
const BYTES = Buffer.alloc(3 * PART + 1, 'a line of a dump\n')
/** Why not in worker threads: an addon that was not made for it is loaded once in a process. */
const NO_WORKERS =
  process.env.OSS_UPLOAD_STREAM_CRC64 === 'addon' ? 'the addon can be loaded in one thread alone' : undefined
/** CRC-64/XZ of BYTES, computed by another implementation. */
const CRC64 = '1574859753128971370'

const { endpoint, region, credentials, close } = await startEmulator()
const options = { bucket: 'bucket', endpoint, region, credentials, retry: { maxAttempts: 2 } }
const store = openStore(options)

const checks = {
  'a small object is stored and read': async () => {
    await pipeline(['one ', 'part'], createUploadStream('small', { store }))
    assert.equal(await text((await store.get('small')).body), 'one part')
  },
  'a multipart upload is stored, verified and read': async () => {
    const upload = store.createUploadStream('large', { partSize: PART })
    await pipeline([BYTES], upload)
    const { parts, crc64 } = await upload.done
    assert.deepEqual([parts, crc64], [4, CRC64])
    const { body } = await store.get('large')
    const chunks = []
    for await (const chunk of body) chunks.push(chunk)
    assert.ok(Buffer.concat(chunks).equals(BYTES))
  },
  'nothing is left of an upload that is given up': async () => {
    const upload = store.createUploadStream('aborted', { partSize: PART })
    upload.on('error', () => undefined)
    upload.write(BYTES)
    await upload[Symbol.asyncDispose]()
    await assert.rejects(upload.done, (error) => error instanceof UploadError && error.code === 'ABORTED')
    await assert.rejects(store.head('aborted'), { code: 'NOT_FOUND' })
    for await (const { key } of store.listMultipartUploads()) assert.fail(key)
  },
  'the library is required from CommonJS': async () => {
    const required = createRequire(import.meta.url)('oss-upload-stream')
    assert.equal(required.openStore, openStore)
  },
  'a worker thread uploads': () => NO_WORKERS ?? inWorker('in-worker'),
  'four worker threads upload at the same time': async () => {
    if (NO_WORKERS !== undefined) return NO_WORKERS
    await Promise.all([1, 2, 3, 4].map((number) => inWorker(`in-worker-${number}`)))
    return undefined
  },
  'the command ossup runs': async () => {
    const file = createRequire(import.meta.url).resolve('oss-upload-stream/package.json')
    const command = file.replace(/package\.json$/, 'dist/ossup.cjs')
    const variables = {
      OSS_ENDPOINT: endpoint,
      OSS_REGION: region,
      OSS_ACCESS_KEY_ID: credentials.accessKeyId,
      OSS_ACCESS_KEY_SECRET: credentials.accessKeySecret,
    }
    const ossup = promisify(execFile)(process.execPath, [command, 'put', '--json', 'oss://bucket/by-command'], {
      env: { ...process.env, ...variables },
    })
    ossup.child.stdin.end('from a shell')
    await ossup
    assert.equal(await text((await store.get('by-command')).body), 'from a shell')
  },
}

async function inWorker(key) {
  const worker = new Worker(new URL('worker.js', import.meta.url), {
    workerData: { options, key, partSize: PART, bytes: BYTES },
  })
  const result = await new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', (code) => reject(new Error(`the worker ended with ${code}`)))
  })
  assert.deepEqual(result, { parts: 4, crc64: CRC64 })
}

for (const [name, check] of Object.entries(checks)) {
  try {
    const skipped = await check()
    console.log(skipped === undefined ? `ok ${name}` : `SKIPPED ${name}: ${skipped}`)
  } catch (error) {
    process.exitCode = 1
    console.log(`FAILED ${name}: ${error instanceof Error ? error.stack : error}`)
  }
}
await store.close()
await close()
