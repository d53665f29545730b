/**
 * Uploads a file, several parts at a time, with a progress bar, and then prints the properties of the object.
 *
 *     node --import tsx examples/upload-a-file.ts videos/holiday.mp4 holiday.mp4
 *
 * Set OSS_BUCKET, OSS_REGION, OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET.
 */
import { openStore, UploadError } from 'oss-upload-stream'

const [key, file] = process.argv.slice(2)
if (key === undefined || file === undefined) throw new Error('give a key and a file')

const store = openStore()
try {
  const { parts, crc64 } = await store.uploadFile(key, file, {
    concurrency: 4,
    contentType: 'video/mp4',
    metadata: { year: '2026', people: 'everybody' },
    headers: { 'Cache-Control': 'no-cache' },
    storageClass: 'Standard',
    tagging: { project: 'holidays' },
    // An existing object under this key is kept.
    forbidOverwrite: true,
    onProgress({ fraction = 0, retries }) {
      const done = Math.round(fraction * 20)
      process.stderr.write(`[${'#'.repeat(done).padEnd(20)}] ${(fraction * 100).toFixed(0)} %, ${retries} retries\n`)
    },
  })
  const { size, contentType, metadata } = await store.head(key)
  console.log(
    `${key}: ${size} bytes of ${contentType ?? ''} in ${parts} parts, CRC-64 ${crc64}, ${JSON.stringify(metadata)}`,
  )
} catch (error) {
  if (!(error instanceof UploadError)) throw error
  // Each request has been retried already: only permanent failures get here.
  console.error(`${error.code}: ${error.message}`)
  process.exitCode = 1
} finally {
  await store.close()
}
