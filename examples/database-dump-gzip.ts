/**
 * A dump, compressed on its way into the store: what a command writes, published only if the command ends well.
 *
 *     node --import tsx examples/database-dump-gzip.ts oss://backups/app.sql.gz pg_dump app
 *
 * Where the bucket is and who asks comes from OSS_REGION, OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET.
 */
import { spawn } from 'node:child_process'
import { PassThrough, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { createUploadStream } from 'oss-upload-stream'

/**
 * What a command writes, as a stream that ends well only if the command does. The end of its output alone says nothing:
 * a command that fails half-way closes it too, and half a dump would be published as if it were whole.
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
  // Where the upload fails, the command is not to wait for a reader that is gone.
  output.once('close', () => child.kill())
  return output
}

const [target, command, ...args] = process.argv.slice(2)
if (target === undefined || command === undefined) throw new Error('give a target and the command to run')

const upload = createUploadStream(target, { contentType: 'application/gzip' })
// pipeline() rejects at once if a source fails; `done` settles when the upload is cleaned up, and the program may end.
await pipeline(outputOf(command, args), createGzip(), upload).finally(() => upload.done)

const { bucket, key, size, parts, crc64 } = await upload.done
console.log(`stored oss://${bucket}/${key}: ${size} bytes in ${parts} parts, CRC-64 ${crc64}`)
