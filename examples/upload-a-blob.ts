/**
 * Uploads a Blob, as returned by fetch() and FormData, with a callback to your server when the object is stored.
 *
 *     node --import tsx examples/upload-a-blob.ts notes/today.txt https://example.com/stored
 *
 * Set OSS_BUCKET, OSS_REGION, OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET.
 */
import { openStore, UploadError } from 'oss-upload-stream'

const [key, url] = process.argv.slice(2)
if (key === undefined || url === undefined) throw new Error('give a key and the URL of your server')

const store = openStore()
try {
  const note = new Blob(['what happened today'], { type: 'text/plain' })
  const { size, callback } = await store.upload(key, note, {
    callback: {
      url,
      // OSS replaces its placeholders, and the variables below.
      body: 'object=${object}&size=${size}&author=${x:author}',
      bodyType: 'application/x-www-form-urlencoded',
      variables: { author: 'me' },
    },
  })
  console.log(`stored ${size} bytes; the server responded with ${JSON.stringify(callback)}`)
} catch (error) {
  // Only the notification failed.
  if (!(error instanceof UploadError) || error.code !== 'CALLBACK_FAILED') throw error
  console.error(`stored, but ${url} did not accept the callback: ${error.message}`)
  process.exitCode = 1
} finally {
  await store.close()
}
