/**
 * Compresses and uploads the output of a command. The object is published only if the command exits with 0.
 *
 *     node --import tsx examples/database-dump-gzip.ts oss://backups/app.sql.gz pg_dump app
 *
 * Set OSS_REGION, OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET.
 */
import { spawn } from 'node:child_process'
import { PassThrough, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { createUploadStream } from 'oss-upload-stream'

/**
 * Yields the output of a command, and throws if the command fails. The end of the output is not enough: a command that
 * fails half-way also closes its output, and half a dump would be published.
 */
function outputOf(command: string, args: string[]): Readable {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const output = new PassThrough()
  child.stdout.pipe(output, { end: false })
  child.once('error', (error) => output.destroy(error))
  child.once('close', (code, signal) => {
    if (code === 0) output.end()
    else output.destroy(new Error(`${command} ended with ${signal ?? `status ${code ?? 'unknown'}`}`))
  })
  // If the upload fails, end the command, which would wait for a reader.
  output.once('close', () => child.kill())
  return output
}

const [target, command, ...args] = process.argv.slice(2)
if (target === undefined || command === undefined) throw new Error('give a target and the command to run')

const upload = createUploadStream(target, { contentType: 'application/gzip' })
// pipeline() rejects at once if a source fails; `done` settles when the upload is cleaned up; then the program may exit.
await pipeline(outputOf(command, args), createGzip(), upload).finally(() => upload.done)

const { bucket, key, size, parts, crc64 } = await upload.done
console.log(`stored oss://${bucket}/${key}: ${size} bytes in ${parts} parts, CRC-64 ${crc64}`)
