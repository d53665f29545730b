/**
 * Uploads the response of fetch(): any web ReadableStream can be piped through Writable.toWeb().
 *
 *     node --import tsx examples/web-stream.ts https://example.com/data.csv oss://mirror/data.csv
 *
 * Set OSS_REGION, OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET.
 */
import { Writable } from 'node:stream'
import { createUploadStream } from 'oss-upload-stream'

const [url, target] = process.argv.slice(2)
if (url === undefined || target === undefined) throw new Error('give a URL and a target')

const response = await fetch(url)
if (!response.ok || response.body === null) throw new Error(`${url} responded with ${response.status}`)

const upload = createUploadStream(target, { contentType: response.headers.get('content-type') ?? undefined })
// A download that breaks off fails here and aborts the upload: `done` settles when nothing of it is left behind.
await response.body.pipeTo(Writable.toWeb(upload)).finally(() => upload.done)

const { location, size, crc64 } = await upload.done
console.log(`stored ${location}: ${size} bytes, CRC-64 ${crc64}`)
