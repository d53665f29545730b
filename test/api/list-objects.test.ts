import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { listedObjects } from '../../src/api/listings.js'
import type { ListObjectPagesOptions, ObjectStore } from '../../src/index.js'
import { s3Dialect } from '../../src/stores/s3/s3-dialect.js'
import { emulatedStore } from '../support/emulated-store.js'
import { invalidOption, uploadError } from '../support/errors.js'
import { scriptedService } from '../support/scripted-service.js'

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

async function grouped(store: ObjectStore, options: ListObjectPagesOptions) {
  const pages = await all(store.listPages(options))
  return {
    keys: pages.flatMap(({ objects }) => objects.map(({ key }) => key)),
    prefixes: pages.flatMap(({ commonPrefixes }) => commonPrefixes),
  }
}

describe('a list of objects', () => {
  it('returns the same for all page sizes', async (t) => {
    const { store } = await emulatedStore(t)
    for (const key of ['a/1', 'a/2/3', 'a//', 'b', 'ä/1', '😀/1', 'z']) await store.upload(`p${key}`, key)
    const query = fc.record({
      prefix: fc.constantFrom('', 'p', 'pa', 'pa/', 'p/'),
      delimiter: fc.constantFrom('/', '//', '1'),
    })
    await fc.assert(
      fc.asyncProperty(query, fc.integer({ min: 1, max: 5 }), async (options, pageSize) => {
        assert.deepEqual(await grouped(store, { ...options, pageSize }), await grouped(store, options))
      }),
      { numRuns: 40 },
    )
  })

  it('requests a page only when its objects are needed', async (t) => {
    const { store, emulator } = await emulatedStore(t)
    for (const key of ['a', 'b', 'c', 'd', 'e']) await store.upload(key, key)
    const lists = () => emulator.requests.filter(({ operation }) => operation === 'ListObjects').length
    for await (const { key } of store.list({ pageSize: 2 })) {
      if (key === 'c') break
    }
    assert.equal(lists(), 2)
  })

  it('refuses options that are not acceptable', async (t) => {
    const { store, emulator } = await emulatedStore(t)
    const refused: [options: object, ...texts: string[]][] = [
      [{ delimiter: '' }, 'delimiter ', "(got '')"],
      [{ limit: 0 }, 'limit ', '(got 0)', 'from 1'],
      [{ pageSize: 1001 }, 'pageSize ', '(got 1001)', 'from 1 to 1,000'],
      [{ prefix: 5 }, 'prefix ', '(got 5)'],
      [{ after: '' }, 'after ', "(got '')"],
      [{ after: { key: 'a' } }, 'after.token ', '(got undefined)'],
      [{ marker: 'x' }, "no option 'marker'", 'after'],
    ]
    for (const [options, ...texts] of refused) {
      await assert.rejects(store.listPages(options).next(), invalidOption(...texts))
    }
    const withDelimiter: object = { delimiter: '/' }
    await assert.rejects(store.list(withDelimiter).next(), invalidOption('delimiter', 'listPages()'))
    assert.equal(emulator.requests.length, 0)
  })

  it('accepts no list of other objects, and none without end', async (t) => {
    const object = '<Contents><Key>others/a</Key><Size>1</Size></Contents>'
    const endless = '<IsTruncated>true</IsTruncated><NextContinuationToken>again</NextContinuationToken>'
    for (const [content, message] of [
      [object, 'does not start with the prefix'],
      [endless, 'does not come after this one'],
      ['<IsTruncated>true</IsTruncated>', 'has no NextContinuationToken'],
      ['<Contents><Key>mine/a</Key></Contents>', 'has no Size'],
    ] as const) {
      const service = await scriptedService(t, { retry: { maxAttempts: 2 } })
      const body = `<ListBucketResult>${content}</ListBucketResult>`
      service.script({ body }, { body }, { body })
      await assert.rejects(all(listedObjects(service.api, { prefix: 'mine/' })), uploadError('BAD_ANSWER', message))
    }
  })

  it('decodes the tokens of OSS, and leaves those of S3 as they are', async (t) => {
    for (const [dialect, sent] of [
      [undefined, 'a+b/c='],
      [(endpoint: string) => s3Dialect({ bucket: 'bucket', region: 'us-east-1', endpoint }), 'a%2Bb/c='],
    ] as const) {
      const service = await scriptedService(t, dialect === undefined ? {} : { dialect })
      const truncated = '<IsTruncated>true</IsTruncated><NextContinuationToken>a%2Bb/c=</NextContinuationToken>'
      for (const rest of [truncated, '']) {
        service.script({ body: `<ListBucketResult><EncodingType>url</EncodingType>${rest}</ListBucketResult>` })
      }
      assert.deepEqual(await all(listedObjects(service.api, {})), [])
      const tokens = service.requests.map(({ url }) =>
        new URL(url, 'http://host').searchParams.get('continuation-token'),
      )
      assert.deepEqual(tokens, [null, sent])
    }
  })
})
