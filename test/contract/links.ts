import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { someBytes } from '../support/bytes.js'
import { exists } from '../support/emulated-store.js'
import type { ContractSuite } from './contract-suite.js'
import { UNUSUAL_KEYS } from './keys.js'

/** Links: requests of a client that has no credentials. */
export function linkContract(suite: ContractSuite): void {
  describe('a link', () => {
    it('reads an object by any key', async () => {
      const keys = ['plain', ...UNUSUAL_KEYS].filter((key) => !key.includes('..')).map((key) => `link/${key}`)
      for (const key of keys) {
        const bytes = someBytes(1000)
        await suite.upload(key, bytes)
        const response = await fetch(await suite.store.presign(suite.key(key)))
        assert.equal(response.status, 200, `${key}: ${response.statusText}`)
        assert.ok(Buffer.from(await response.arrayBuffer()).equals(bytes), key)
      }
    })

    it('stores an object, with the content type that it names', async () => {
      const body = someBytes(2000)
      const plain = await suite.store.presign(suite.key('put'), { method: 'PUT', expiresIn: 60 })
      const stored = await fetch(plain, { method: 'PUT', body })
      assert.equal(stored.status, 200, await stored.text())
      assert.ok((await suite.contentOf('put')).equals(body))

      const contentType = 'text/csv; charset=utf-8'
      const named = await suite.store.presign(suite.key('typed'), { method: 'PUT', contentType })
      const typed = await fetch(named, { method: 'PUT', body: 'a,b', headers: { 'content-type': contentType } })
      assert.equal(typed.status, 200, await typed.text())
      assert.equal((await suite.store.head(suite.key('typed'))).contentType, contentType)
    })

    it('is refused with another method, key or content type', async () => {
      await suite.upload('read-only', Buffer.from('kept'))
      const read = await suite.store.presign(suite.key('read-only'))
      assert.equal((await fetch(read, { method: 'PUT', body: Buffer.from('replaced') })).status, 403)
      assert.equal((await suite.contentOf('read-only')).toString(), 'kept')
      assert.equal((await fetch(read.replace('read-only', 'other'))).status, 403)
      const contentType = 'text/csv'
      const write = await suite.store.presign(suite.key('csv'), { method: 'PUT', contentType })
      const other = await fetch(write, { method: 'PUT', body: 'a', headers: { 'content-type': 'text/html' } })
      assert.equal(other.status, 403)
      assert.equal(await exists(suite.store, suite.key('csv')), false)
    })
  })
}
