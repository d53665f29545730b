/**
 * Lists the unfinished uploads with a prefix and the sizes of their parts, and aborts those that are older than some
 * hours.
 *
 *     node --import tsx examples/unfinished-uploads.ts backups/
 *     node --import tsx examples/unfinished-uploads.ts backups/ 24
 *
 * Set OSS_BUCKET, OSS_REGION, OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET.
 */
import { openStore } from 'oss-upload-stream'

const [prefix = '', hours] = process.argv.slice(2)

const store = openStore()
for await (const upload of store.listMultipartUploads({ prefix })) {
  let bytes = 0
  for await (const { size } of store.listParts(upload)) bytes += size
  console.log(`${upload.key} ${upload.uploadId} ${upload.initiated?.toISOString() ?? ''} ${bytes} bytes`)
}
if (hours !== undefined) {
  const { aborted, failed, kept } = await store.abortStaleUploads({ prefix, olderThanMs: Number(hours) * 3_600_000 })
  console.log(`${aborted.length} aborted, ${kept} kept`)
  for (const { upload, error } of failed) console.error(`${upload.key}: ${error.message}`)
}
await store.close()
