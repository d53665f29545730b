/**
 * Uploads a file. Pause it with Ctrl-C, or kill it; run it again to resume. `--discard` aborts a paused upload and removes
 * its parts.
 *
 *     node --import tsx examples/resume-a-file.ts backups/disk.img disk.img
 *     node --import tsx examples/resume-a-file.ts backups/disk.img disk.img --discard
 *
 * Set OSS_BUCKET, OSS_REGION, OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET.
 */
import { openStore, UploadError } from 'oss-upload-stream'

const [key, file, option] = process.argv.slice(2)
if (key === undefined || file === undefined) throw new Error('give a key and a file')

// Default: a file in the user's folder for program state.
const checkpoint = `${file}.checkpoint`
const pause = new AbortController()
process.once('SIGINT', () => pause.abort())

const store = openStore()
try {
  if (option === '--discard') {
    console.log((await store.discardCheckpoint(checkpoint)) ? 'discarded' : 'nothing to discard')
  } else {
    const { size, resumed } = await store.uploadFile(key, file, {
      checkpoint,
      signal: pause.signal,
      onResumed: ({ parts }) => console.log(`resumes with ${parts} stored parts`),
      onRestarted: ({ message }) => console.log(`starts over: ${message}`),
      onCheckpoint: ({ parts }) => console.log(`${parts} parts are recorded`),
    })
    console.log(`stored ${size} bytes, ${resumed?.bytes ?? 0} of them sent before`)
  }
} catch (error) {
  if (!(error instanceof UploadError) || error.code !== 'ABORTED') throw error
  console.log('paused: run it again')
} finally {
  await store.close()
}
