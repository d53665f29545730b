/**
 * Compresses a file, uploads it and keeps a local copy of the compressed file, in one pass over the data.
 *
 *     node --import tsx examples/keep-a-copy.ts access.log oss://logs/access.log.gz access.log.gz
 *
 * Set OSS_REGION, OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET.
 */
import { createReadStream, createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { createUploadTransform } from 'oss-upload-stream'

const [source, target, copy] = process.argv.slice(2)
if (source === undefined || target === undefined || copy === undefined) {
  throw new Error('give a file, a target and where the copy goes')
}

const unfinished = `${copy}.unfinished`
const upload = createUploadTransform(target, { contentType: 'application/gzip' })
try {
  // The transform's readable side ends when the object is stored and verified: only then is the copy finished too.
  const stored = pipeline(createReadStream(source), createGzip(), upload, createWriteStream(unfinished))
  // A failure is reported at once; `done` settles when the upload is cleaned up; then the program may exit.
  await stored.finally(() => upload.done)
  await rename(unfinished, copy)
} catch (error) {
  await rm(unfinished, { force: true })
  throw error
}

const { location, size } = await upload.done
console.log(`stored ${location} and ${copy}: ${size} bytes each`)
