/**
 * Uploads a file or standard input, with progress on standard error. Ctrl-C and a time limit abort the upload: nothing is
 * published, and no part is left in the bucket.
 *
 *     tar -c photos | node --import tsx examples/progress-and-abort.ts oss://backups/photos.tar
 *     node --import tsx examples/progress-and-abort.ts oss://backups/disk.img disk.img
 *
 * Set OSS_REGION, OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET.
 */
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createUploadStream, UploadError } from 'oss-upload-stream'

const [target, file] = process.argv.slice(2)
if (target === undefined) throw new Error('give a target, and a file unless the data comes on standard input')

const giveUp = new AbortController()
const limitMs = Number(process.env['LIMIT_MS'] ?? 6 * 3_600_000)
setTimeout(() => giveUp.abort(new Error(`not done within ${limitMs} ms`)), limitMs).unref()
// Once, so that a second Ctrl-C ends the process without waiting for the clean-up.
process.once('SIGINT', () => giveUp.abort(new Error('interrupted')))

const MiB = 1024 * 1024
const upload = createUploadStream(target, {
  signal: giveUp.signal,
  onProgress({ received, acknowledged, partsDone, partsInFlight, retries, waitingFor }) {
    process.stderr.write(
      `${(received / MiB).toFixed(1)} MiB read, ${(acknowledged / MiB).toFixed(1)} MiB stored in ${partsDone} parts, ` +
        `${partsInFlight} in flight, ${retries} retries, waiting for the ${waitingFor}\n`,
    )
  },
})

try {
  const source = file === undefined ? process.stdin : createReadStream(file)
  // pipeline() rejects at once if a source fails; `done` settles when the upload is cleaned up; then the program may exit.
  await pipeline(source, upload).finally(() => upload.done)
  const { bucket, key, size } = await upload.done
  console.log(`stored oss://${bucket}/${key}: ${size} bytes`)
} catch (error) {
  // An error of the source is unchanged; an UploadError has a code to act on.
  if (!(error instanceof UploadError) || error.code !== 'ABORTED') throw error
  const { cause, cleanupError, uploadId } = error
  console.error(`aborted: ${cause instanceof Error ? cause.message : error.message}`)
  // The clean-up may fail, too, for example without a network: then the parts stay until the upload is aborted.
  if (cleanupError !== undefined) console.error(`upload ${uploadId ?? ''} was not aborted: ${cleanupError.message}`)
  process.exitCode = 1
}
