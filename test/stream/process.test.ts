import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { emulatedStore, exists, unfinishedUploads } from '../support/emulated-store.js'
import { PROGRAM_OPTIONS, programOf, PROJECT } from '../support/project.js'

const INDEX = pathToFileURL(programOf('src/index.ts')).href

/** Writes three parts, tells of the first that is stored, and then waits for a signal. */
const program = (onSignal: string): string => `
  import { createUploadStream } from ${JSON.stringify(INDEX)}
  const giveUp = new AbortController()
  const upload = createUploadStream('dump', { partSize: 102400, signal: giveUp.signal })
  ${onSignal}
  upload.once('part', () => console.log('part'))
  upload.on('error', (error) => { console.log(error.code) })
  upload.write(Buffer.alloc(350000))
  setInterval(() => {}, 1000).unref()
  process.stdin.resume()
`

describe('a process that gets a signal with an upload in flight', () => {
  for (const [what, onSignal, signal, left] of [
    [
      'aborts it where its program says so',
      `process.once('SIGTERM', () => { giveUp.abort(); process.stdin.pause() })`,
      'SIGTERM',
      0,
    ],
    ['publishes nothing where its program says nothing', '', 'SIGTERM', 1],
    ['publishes nothing when it is killed', '', 'SIGKILL', 1],
  ] as const) {
    it(what, async (t) => {
      const { emulator, store } = await emulatedStore(t)
      const child = spawn(process.execPath, [...PROGRAM_OPTIONS, '--input-type=module', '-e', program(onSignal)], {
        cwd: PROJECT,
        stdio: ['pipe', 'pipe', 'inherit'],
        env: {
          ...process.env,
          OSS_BUCKET: store.bucket,
          OSS_REGION: emulator.region,
          OSS_ENDPOINT: emulator.endpoint,
          OSS_ACCESS_KEY_ID: emulator.credentials.accessKeyId,
          OSS_ACCESS_KEY_SECRET: emulator.credentials.accessKeySecret,
        },
      })
      t.after(() => child.kill('SIGKILL'))
      await once(child.stdout, 'data')
      child.kill(signal)
      await once(child, 'close')
      assert.equal(await exists(store, 'dump'), false)
      assert.equal((await unfinishedUploads(store)).length, left)
    })
  }
})
