import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ListObjectPagesOptions, ListObjectsOptions, ObjectsPageMarker } from '../../src/index.js'
import { someBytes } from '../support/bytes.js'
import type { ContractSuite } from './contract-suite.js'
import { UNUSUAL_KEYS } from './keys.js'

/** Objects as a bucket lists them. */
export function listContract(suite: ContractSuite): void {
  const folder = (name: string): string => suite.key(`${name}/`)

  async function put(name: string, keys: readonly string[]): Promise<void> {
    for (const key of keys) await suite.upload(`${name}/${key}`, someBytes(key.length))
  }

  async function keysOf(name: string, options: Omit<ListObjectsOptions, 'prefix'> = {}): Promise<string[]> {
    const keys: string[] = []
    for await (const { key } of suite.store.list({ prefix: folder(name), ...options })) {
      keys.push(key.slice(folder(name).length))
    }
    return keys
  }

  describe('a list of objects', () => {
    it('has unusual keys in order, on any page', async () => {
      await put('unusual', [...UNUSUAL_KEYS].reverse())
      for (const pageSize of [1, 5, 1000]) {
        assert.deepEqual(await keysOf('unusual', { pageSize }), UNUSUAL_KEYS, `in pages of ${pageSize}`)
      }
      for (const [index, key] of UNUSUAL_KEYS.entries()) {
        const rest = UNUSUAL_KEYS.slice(index + 1)
        assert.deepEqual(await keysOf('unusual', { after: folder('unusual') + key }), rest, JSON.stringify(key))
      }
    })

    it('says of each object what HEAD says', async () => {
      const { etag } = await suite.upload('listed/parts', someBytes(suite.partSize + 1))
      await suite.upload('listed/put', someBytes(10))
      const [parts, put] = await all(suite.store.list({ prefix: folder('listed') }))
      assert.deepEqual([parts?.size, put?.size], [suite.partSize + 1, 10])
      assert.equal(parts?.etag, etag)
      const head = await suite.store.head(suite.key('listed/put'))
      assert.equal(put?.etag, head.etag)
      // HEAD has whole seconds.
      assert.ok(Math.abs(Number(put.lastModified) - Number(head.lastModified)) < 1000)
    })

    it('starts after a key, and has the given number', async () => {
      await put('some', ['a', 'b', 'c', 'd'])
      assert.deepEqual(await keysOf('some', { after: `${folder('some')}b` }), ['c', 'd'])
      assert.deepEqual(await keysOf('some', { after: `${folder('some')}bb`, limit: 1 }), ['c'])
      assert.deepEqual(await keysOf('some', { limit: 3, pageSize: 2 }), ['a', 'b', 'c'])
      assert.deepEqual(await keysOf('none'), [])
    })

    it('is grouped by a delimiter, in pages that can be requested one by one', async () => {
      await put('grouped objects', ['', '1', '2/x', '2/y', '3 +ü/x', '4'])
      for (const pageSize of [1, 2, 1000]) {
        const objects: string[] = []
        const prefixes: string[] = []
        let after: ObjectsPageMarker | undefined
        do {
          const prefix = folder('grouped objects')
          const options: ListObjectPagesOptions = { prefix, delimiter: '/', pageSize, after }
          const { value: page } = await suite.store.listPages(options).next()
          assert.ok(page !== undefined)
          assert.ok(page.objects.length + page.commonPrefixes.length <= pageSize)
          objects.push(...page.objects.map(({ key }) => key.slice(prefix.length)))
          prefixes.push(...page.commonPrefixes.map((key) => key.slice(prefix.length)))
          after = page.next
        } while (after !== undefined)
        assert.deepEqual(objects, ['', '1', '4'], `in pages of ${pageSize}`)
        assert.deepEqual(prefixes, ['2/', '3 +ü/'], `in pages of ${pageSize}`)
      }
    })

    it('of the whole bucket has an empty prefix', async () => {
      await put('whole', ['a'])
      const options = { prefix: '', after: folder('whole'), limit: 1 }
      const [object] = await all(suite.store.list(options))
      assert.equal(object?.key, `${folder('whole')}a`)
      await assert.doesNotReject(suite.store.listMultipartUploads({ prefix: '', limit: 1 }).next())
    })
  })
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}
