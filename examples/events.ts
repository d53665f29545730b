/**
 * Prints all events of an upload of standard input.
 *
 *     tar -c photos | node --import tsx examples/events.ts oss://backups/photos.tar
 *
 * Set OSS_REGION, OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET.
 */
import { pipeline } from 'node:stream/promises'
import { createUploadStream } from 'oss-upload-stream'

const [target] = process.argv.slice(2)
if (target === undefined) throw new Error('give a target')

const upload = createUploadStream(target)
  .on('initiated', (uploadId) => console.log(`initiated as ${uploadId}`))
  .on('part', ({ partNumber, size, etag }) => console.log(`part ${partNumber}: ${size} bytes, ${etag}`))
  .on('retry', ({ operation, attempt, delayMs, reason }) =>
    console.log(`${operation}, attempt ${attempt} failed: ${reason}; next one in ${delayMs} ms`),
  )
  .on('progress', ({ received, acknowledged, slowSide }) =>
    console.log(`${received} bytes received, ${acknowledged} stored; slow side: ${slowSide}`),
  )
  .on('finish', () => console.log('stored and verified'))
  .on('error', (error) => console.log(`failed: ${error.message}`))

await pipeline(process.stdin, upload).finally(() => upload.done)
