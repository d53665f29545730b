import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { emulatedStore } from '../../../support/emulated-store.js'
import { ossup } from '../../ossup.js'

describe('ossup presign', () => {
  it('prints a link that reads the object', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    await store.upload('a key', 'content')
    const { code, stdout, stderr } = await ossup(emulator, ['presign', 'oss://test-bucket/a key'])
    assert.deepEqual([code, stderr], [0, ''])
    assert.match(stdout, /^http:\S+\n$/)
    assert.equal(await (await fetch(stdout.trim())).text(), 'content')
  })

  it('prints a link that stores an object for some time, with its content type', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const args = [
      'presign',
      'oss://test-bucket/k',
      '--put',
      '--content-type',
      'text/csv',
      '--expires-in',
      '7d',
      '--json',
    ]
    const { stdout } = await ossup(emulator, args)
    const { target, method, url, expires } = JSON.parse(stdout) as Record<string, string>
    assert.deepEqual([target, method], ['oss://test-bucket/k', 'PUT'])
    assert.ok(Math.abs(Date.parse(expires ?? '') - Date.now() - 7 * 86_400_000) < 60_000)
    const stored = await fetch(url ?? '', { method: 'PUT', body: 'a,b', headers: { 'content-type': 'text/csv' } })
    assert.equal(stored.status, 200)
    assert.equal((await store.head('k')).contentType, 'text/csv')
  })

  it('refuses what a link cannot be', async (t) => {
    const { emulator } = await emulatedStore(t)
    for (const [args, text] of [
      [['--expires-in', '8d'], 'from 1 to 604,800 seconds'],
      [['--content-type', 'text/csv'], '--content-type goes with --put'],
    ] as const) {
      const { code, stdout, stderr } = await ossup(emulator, ['presign', 'oss://test-bucket/k', ...args])
      assert.deepEqual([code, stdout], [2, ''])
      assert.ok(stderr.includes(text), stderr)
    }
    assert.equal((await ossup(emulator, ['presign', 'oss://test-bucket'])).code, 2)
  })
})
