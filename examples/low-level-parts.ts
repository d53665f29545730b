/**
 * Shows the low-level calls, for parts from several sources or in any order. For one file or stream, uploadFile() and
 * createUploadStream() do the same, in parallel and with a check of the whole object.
 *
 *     node --import tsx examples/low-level-parts.ts archives/logs.tar logs.tar
 *
 * Set OSS_BUCKET, OSS_REGION, OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET.
 */
import { openAsBlob } from 'node:fs'
import { openStore, type SentPart } from 'oss-upload-stream'

const PART_SIZE = 5 * 1024 * 1024

const [key, file] = process.argv.slice(2)
if (key === undefined || file === undefined) throw new Error('give a key and a file')

const store = openStore()
const blob = await openAsBlob(file)
const upload = { key, uploadId: await store.initiateMultipartUpload(key, { contentType: 'application/x-tar' }) }
try {
  const parts: SentPart[] = []
  for (let start = 0; start < blob.size || parts.length === 0; start += PART_SIZE) {
    // Uploading the same number again would replace the part.
    parts.push(await store.uploadPart(upload, parts.length + 1, blob.slice(start, start + PART_SIZE)))
  }
  for await (const { partNumber, size, etag } of store.listParts(upload)) {
    console.log(`part ${partNumber}: ${size} bytes, ${etag}`)
  }
  const { crc64 } = await store.completeMultipartUpload(upload, parts, { acl: 'private' })
  console.log(`stored ${key}, CRC-64 ${crc64 ?? ''}`)
} catch (error) {
  // Parts of an unfinished upload cost money.
  await store.abortMultipartUpload(upload)
  throw error
} finally {
  await store.close()
}
