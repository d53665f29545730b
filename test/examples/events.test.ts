import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { someBytes } from '../support/bytes.js'
import { emulatedStore, exists } from '../support/emulated-store.js'
import { environmentOf, startExample } from '../support/examples.js'

describe('examples/events.ts', () => {
  it('reports each event', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    emulator.faults.inject({
      match: { operation: 'UploadPart' },
      action: { type: 'error', status: 503, code: 'SlowDown' },
    })
    const { child, ended } = startExample('events.ts', ['oss://test-bucket/photos.tar'], environmentOf(emulator))
    child.stdin.end(someBytes(20_000_000))
    const { code, stdout, stderr } = await ended
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^initiated as [0-9A-F]{32}$/m)
    assert.equal([...stdout.matchAll(/^part \d: \d+ bytes, "[0-9A-F]{32}"$/gm)].length, 3)
    assert.match(stdout, /^UploadPart, attempt 1 failed: .*SlowDown.*; next one in \d+ ms$/m)
    assert.match(stdout, /^20000000 bytes received, 20000000 stored; slow side: \w+\nstored and verified\n$/m)
    assert.ok(await exists(store, 'photos.tar'))
  })

  it('reports the failure', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    emulator.faults.inject({
      match: { operation: 'PutObject' },
      action: { type: 'error', status: 403, code: 'AccessDenied' },
    })
    const { child, ended } = startExample('events.ts', ['oss://test-bucket/photos.tar'], environmentOf(emulator))
    child.stdin.end('small')
    const { code, stdout } = await ended
    assert.notEqual(code, 0)
    assert.match(stdout, /^failed: .*AccessDenied/m)
    assert.equal(await exists(store, 'photos.tar'), false)
  })
})
