import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it } from 'node:test'
import { readAll, someBytes } from '../support/bytes.js'
import { emulatedStore, exists, unfinishedUploads } from '../support/emulated-store.js'
import { environmentOf, runExample } from '../support/examples.js'
import { temporaryFolder } from '../support/temporary-folder.js'

describe('examples/low-level-parts.ts', () => {
  it('sends part after part, lists them and completes', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const file = path.join(await temporaryFolder(t), 'logs.tar')
    for (const size of [12_000_000, 0]) {
      const bytes = someBytes(size)
      await writeFile(file, bytes)
      const { code, stdout, stderr } = await runExample(
        'low-level-parts.ts',
        ['logs.tar', file],
        environmentOf(emulator),
      )
      assert.equal(code, 0, stderr)
      const sizes = [...stdout.matchAll(/^part \d+: (\d+) bytes, "[0-9A-F]{32}"$/gm)].map(([, text]) => Number(text))
      assert.deepEqual(sizes, size === 0 ? [0] : [5_242_880, 5_242_880, 1_514_240])
      const { body, crc64 } = await store.get('logs.tar')
      assert.match(stdout, new RegExp(`^stored logs.tar, CRC-64 ${crc64!}$`, 'm'))
      assert.equal(Buffer.compare(await readAll(body), bytes), 0)
    }
  })

  it('aborts when a part fails', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const file = path.join(await temporaryFolder(t), 'logs.tar')
    await writeFile(file, someBytes(12_000_000))
    emulator.faults.inject({
      match: { operation: 'UploadPart' },
      skip: 1,
      action: { type: 'error', status: 403, code: 'AccessDenied' },
    })
    const { code, stderr } = await runExample('low-level-parts.ts', ['logs.tar', file], environmentOf(emulator))
    assert.notEqual(code, 0)
    assert.match(stderr, /ACCESS_DENIED/)
    assert.equal(await exists(store, 'logs.tar'), false)
    assert.deepEqual(await unfinishedUploads(store), [])
  })
})
