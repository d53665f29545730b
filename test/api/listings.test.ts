import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import fc from 'fast-check'
import type { ListUploadPagesOptions, ObjectStore, UploadsMarker } from '../../src/index.js'
import { objectsPages, uploadsPages } from '../../src/api/listings.js'
import { someBytes } from '../support/bytes.js'
import { emulatedStore } from '../support/emulated-store.js'
import { invalidOption, uploadError } from '../support/errors.js'
import { MemoryDriver } from '../support/memory-driver.js'

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

/** What a user sees who asks for one page at a time, as the services' guides do. */
async function byMarkers(store: ObjectStore, options: ListUploadPagesOptions) {
  const found = { keys: [] as string[], commonPrefixes: [] as string[], pages: 0 }
  let after: UploadsMarker | undefined
  do {
    const { value: page } = await store.listMultipartUploadPages({ ...options, after }).next()
    if (page === undefined) assert.fail('there is no page')
    found.keys.push(...page.uploads.map(({ key }) => key))
    found.commonPrefixes.push(...page.commonPrefixes)
    found.pages += 1
    after = page.next
  } while (after !== undefined)
  return found
}

async function withUploads(t: TestContext, keys: readonly string[]) {
  const emulated = await emulatedStore(t)
  for (const key of keys) await emulated.store.initiateMultipartUpload(key)
  const lists = () => emulated.emulator.requests.filter(({ operation }) => operation === 'ListMultipartUploads')
  return { ...emulated, lists }
}

describe('a listing', () => {
  it('refuses text with half of a surrogate pair', async (t) => {
    const { store } = await emulatedStore(t)
    const half = '\ud800'
    for (const options of [{ prefix: half }, { delimiter: half }, { after: { key: half } }]) {
      const [name = ''] = Object.keys(options)
      await assert.rejects(store.listMultipartUploadPages(options).next(), invalidOption(name))
    }
    await assert.rejects(store.listParts({ key: 'k', uploadId: half }).next(), invalidOption('uploadId'))
    await assert.rejects(store.abortMultipartUpload({ key: 'k', uploadId: half }), invalidOption('uploadId'))
  })

  it('ends where page after page has nothing', async (t) => {
    const driver = new MemoryDriver()
    let pages = 0
    t.mock.method(driver, 'listMultipartUploads', () => {
      pages += 1
      if (pages > 5000) throw new Error('it never ends')
      return Promise.resolve({ uploads: [], commonPrefixes: [], next: { after: { key: `k${pages}` } } })
    })
    await assert.rejects(all(uploadsPages(driver, {})), uploadError('BAD_ANSWER', 'does not end'))
  })
})

describe('a listing that comes back to where it was', () => {
  /** The numbers of pages: some that come once, then a cycle. */
  function* cycle(before: number, length: number): Generator<number, never, undefined> {
    for (let page = 0; page < before; page += 1) yield page
    for (let page = 0; ; page += 1) yield before + (page % length)
  }

  for (const [before, length] of [
    [0, 1],
    [0, 2],
    [3, 7],
    [50, 33],
  ] as const) {
    for (const markers of ['of the pages', 'that are always new'] as const) {
      it(`ends after ${before} pages and cycles of ${length}, with markers ${markers}`, async (t) => {
        const driver = new MemoryDriver()
        const numbers = { uploads: cycle(before, length), objects: cycle(before, length) }
        let pages = 0
        const next = (which: 'uploads' | 'objects') => {
          pages += 1
          if (pages > 2000) throw new Error('it never ends')
          const page = numbers[which].next().value
          return { page, marker: markers === 'of the pages' ? String(page) : String(pages) }
        }
        t.mock.method(driver, 'listMultipartUploads', () => {
          const { page, marker } = next('uploads')
          const uploads = [{ key: 'key', uploadId: `upload ${page}` }]
          return Promise.resolve({ uploads, commonPrefixes: [], next: { after: { key: 'key', uploadId: marker } } })
        })
        t.mock.method(driver, 'listObjects', () => {
          const { page, marker } = next('objects')
          const objects = [{ key: `key ${page}`, size: 1, etag: '"E"' }]
          return Promise.resolve({ objects, commonPrefixes: [], next: { after: { token: marker } } })
        })
        await assert.rejects(all(uploadsPages(driver, {})), uploadError('BAD_ANSWER', 'does not end'))
        await assert.rejects(all(objectsPages(driver, {})), uploadError('BAD_ANSWER', 'does not end'))
      })
    }
  }
})

describe('a listing of uploads', () => {
  const keys = ['a', 'logs/', 'logs/1', 'logs/2/x', 'logs/2/y', 'logs/3 +ü/x', 'z']

  it('groups keys by a delimiter, on any page', async (t) => {
    const { store } = await withUploads(t, keys)
    const expected = { keys: ['logs/', 'logs/1'], commonPrefixes: ['logs/2/', 'logs/3 +ü/'] }
    for (const [pageSize, pages] of [
      [1, 4],
      [3, 2],
      [1000, 1],
    ] as const) {
      const options = { prefix: 'logs/', delimiter: '/', pageSize }
      assert.deepEqual(await byMarkers(store, options), { ...expected, pages })
      const paged = await all(store.listMultipartUploadPages(options))
      assert.deepEqual(
        paged.flatMap(({ uploads }) => uploads.map(({ key }) => key)),
        expected.keys,
      )
      assert.deepEqual(
        paged.flatMap(({ commonPrefixes }) => commonPrefixes),
        expected.commonPrefixes,
      )
      assert.ok(paged.every(({ answeredAt }) => Math.abs(Number(answeredAt) - Date.now()) < 300_000))
      assert.deepEqual(
        paged.map(({ next }) => next === undefined),
        paged.map((_page, index) => index === paged.length - 1),
      )
    }
  })

  it('starts after a key, or after an upload of it', async (t) => {
    const { store } = await withUploads(t, ['a', 'b', 'b', 'b', 'c'])
    const [, first, second, third, last] = await all(store.listMultipartUploads())
    assert.deepEqual(await all(store.listMultipartUploads({ after: { key: 'b' } })), [last])
    assert.deepEqual(await all(store.listMultipartUploads({ after: first! })), [second, third, last])
    assert.deepEqual(await all(store.listMultipartUploads({ after: { key: 'aa' }, limit: 2 })), [first, second])
    assert.deepEqual(await all(store.listMultipartUploads({ after: { key: 'c' } })), [])
  })

  it('has the given number of results, and requests no more', async (t) => {
    const { store, lists } = await withUploads(t, keys)
    for (const [options, sizes] of [
      [{ limit: 3 }, ['3']],
      [{ limit: 3, pageSize: 2 }, ['2', '1']],
      [{ limit: 4, pageSize: 2 }, ['2', '2']],
      [{ limit: 100, pageSize: 4 }, ['4', '4']],
      [{ limit: 1000 }, [undefined]],
    ] as const) {
      const before = lists().length
      const found = await all(store.listMultipartUploads(options))
      assert.deepEqual(
        found.map(({ key }) => key),
        keys.slice(0, options.limit),
      )
      const asked = lists().slice(before)
      assert.deepEqual(
        asked.map(({ query }) => query['max-uploads']),
        sizes,
      )
    }
    const [page] = await all(store.listMultipartUploadPages({ delimiter: '/', limit: 2 }))
    assert.deepEqual([page?.uploads.length, page?.commonPrefixes], [1, ['logs/']])
    assert.notEqual(page?.next, undefined)
  })

  it('returns the same for all page sizes', async (t) => {
    const { store } = await withUploads(
      t,
      ['a/1', 'a/1', 'a/2/3', 'a//', 'b', '/'.repeat(3) + 'x', 'ä/1', '😀/1'].map((key) => `p${key}`),
    )
    const options = fc.record({
      prefix: fc.constantFrom('p', 'pa', 'pa/', 'p/'),
      delimiter: fc.constantFrom('/', '//', '1'),
    })
    await fc.assert(
      fc.asyncProperty(options, fc.integer({ min: 1, max: 5 }), async (query, pageSize) => {
        const whole = await byMarkers(store, query)
        const inPages = await byMarkers(store, { ...query, pageSize })
        assert.deepEqual({ ...inPages, pages: 1 }, whole)
      }),
      { numRuns: 60 },
    )
  })

  it('refuses options that are not acceptable', async (t) => {
    const { store, lists } = await withUploads(t, [])
    const refused: [options: object, ...texts: string[]][] = [
      [{ delimiter: '' }, 'delimiter ', "(got '')"],
      [{ limit: 0 }, 'limit ', '(got 0)', 'from 1'],
      [{ pageSize: 1001 }, 'pageSize ', '(got 1001)', 'from 1 to 1,000'],
      [{ after: 'key' }, 'after ', "(got 'key')", 'an object'],
      [{ after: {} }, 'after.key ', '(got undefined)'],
      [{ after: { key: 'k', uploadId: 5 } }, 'after.uploadId ', '(got 5)'],
      [{ marker: 'x' }, "no option 'marker'", 'after'],
    ]
    for (const [options, ...texts] of refused) {
      await assert.rejects(all(store.listMultipartUploadPages(options)), invalidOption(...texts))
    }
    const grouped = { delimiter: '/' } as object
    await assert.rejects(all(store.listMultipartUploads(grouped)), invalidOption('listMultipartUploadPages()'))
    assert.deepEqual(lists(), [])
  })
})

describe('a listing of parts', () => {
  it('comes in pages with markers, or in all with a limit', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const address = { key: 'k', uploadId: await store.initiateMultipartUpload('k') }
    for (const partNumber of [1, 2, 3, 7, 10_000]) await store.uploadPart(address, partNumber, someBytes(partNumber))
    const pages = await all(store.listPartPages(address, { pageSize: 2 }))
    assert.deepEqual(
      pages.map(({ parts, next }) => [parts.map(({ partNumber, size }) => [partNumber, size]), next]),
      [
        [
          [
            [1, 1],
            [2, 2],
          ],
          2,
        ],
        [
          [
            [3, 3],
            [7, 7],
          ],
          7,
        ],
        [[[10_000, 10_000]], undefined],
      ],
    )
    assert.ok(pages.every(({ parts }) => parts.every(({ crc64 }) => typeof crc64 === 'string')))
    const before = emulator.requests.length
    const numbers = (await all(store.listParts(address, { after: 2, limit: 2 }))).map(({ partNumber }) => partNumber)
    assert.deepEqual(numbers, [3, 7])
    assert.equal(emulator.requests.length - before, 1)
    await assert.rejects(all(store.listParts(address, { limit: 1.5 })), invalidOption('limit ', '(got 1.5)'))
  })
})
