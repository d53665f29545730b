import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import type { Emulator } from '../../src/emulator/index.js'
import type { ObjectStore } from '../../src/index.js'
import { readAll, someBytes } from '../support/bytes.js'
import { emulatedStore, exists, unfinishedUploads } from '../support/emulated-store.js'
import { environmentOf, runExample, startExample } from '../support/examples.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { until } from '../support/until.js'

const KEY = 'backups/disk.img'
const BYTES = someBytes(40_000_000)

/** Some parts are recorded, and the others are stalled when the process gets its signal. */
async function interrupted(
  t: TestContext,
  signal: NodeJS.Signals,
): Promise<{
  emulator: Emulator
  store: ObjectStore
  file: string
  ended: Awaited<ReturnType<typeof runExample>>
}> {
  const { emulator, store } = await emulatedStore(t)
  const file = path.join(await temporaryFolder(t), 'disk.img')
  await writeFile(file, BYTES)
  emulator.faults.inject({
    match: { operation: 'UploadPart' },
    skip: 2,
    times: 100,
    action: { type: 'stall', at: 'request' },
  })
  const { child, ended } = startExample('resume-a-file.ts', [KEY, file], environmentOf(emulator))
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  await until(() => said.includes('2 parts are recorded'))
  child.kill(signal)
  const result = await ended
  emulator.faults.clear()
  assert.equal(await exists(store, KEY), false)
  return { emulator, store, file, ended: result }
}

describe('examples/resume-a-file.ts', () => {
  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    it(`continues after ${signal}`, async (t) => {
      const { emulator, store, file, ended } = await interrupted(t, signal)
      if (signal === 'SIGINT') assert.match(ended.stdout, /paused: run it again\n$/)
      const again = await runExample('resume-a-file.ts', [KEY, file], environmentOf(emulator))
      assert.equal(again.code, 0, again.stderr)
      assert.match(again.stdout, /^resumes with 2 stored parts\n/)
      assert.match(again.stdout, /stored 40000000 bytes, 16777216 of them sent before\n$/)
      assert.equal(Buffer.compare(await readAll((await store.get(KEY)).body), BYTES), 0)
      assert.deepEqual(await unfinishedUploads(store), [])
    })
  }

  it('aborts a paused upload', async (t) => {
    const { emulator, store, file } = await interrupted(t, 'SIGKILL')
    const discard = () => runExample('resume-a-file.ts', [KEY, file, '--discard'], environmentOf(emulator))
    assert.equal((await discard()).stdout, 'discarded\n')
    assert.deepEqual(await unfinishedUploads(store), [])
    assert.equal((await discard()).stdout, 'nothing to discard\n')
  })
})
