/**
 * What every store must do, whatever the service: one suite, run for each. It works under a prefix of its own, so that
 * the bucket may be in use, and leaves nothing behind.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { after, before, describe, it } from 'node:test'
import {
  type CompletedPart,
  type ObjectStore,
  UploadError,
  type UploadOptions,
  type UploadResult,
} from '../../src/index.js'
import { readAll, someBytes } from '../support/bytes.js'
import { exists } from '../support/embedded-store.js'
import { invalidOption, uploadError } from '../support/errors.js'
import type { ContractBucket } from './contract-bucket.js'
import { damagingDispatcher } from './damaging-dispatcher.js'
import { UNUSUAL_KEYS } from './keys.js'

/** `skip` says why the service is not there. */
export function objectStoreContract(
  service: string,
  open: () => Promise<ContractBucket>,
  { skip = false }: { skip?: string | false } = {},
): void {
  describe(`the contract of a store, kept by ${service}:`, { skip }, () => {
    const prefix = `contract-${randomBytes(6).toString('hex')}/`
    let bucket: ContractBucket
    let store: ObjectStore
    let PART: number

    before(async () => {
      bucket = await open()
      store = bucket.open()
      PART = bucket.minPartSize
    })
    after(async () => {
      for await (const upload of store.listMultipartUploads({ prefix })) await store.abortMultipartUpload(upload)
      await store.close()
      await bucket.close()
    })

    async function upload(key: string, bytes: Uint8Array, options: UploadOptions = {}): Promise<UploadResult> {
      const stream = store.createUploadStream(prefix + key, { partSize: PART, ...options })
      await pipeline(Readable.from([bytes]), stream)
      return stream.done
    }

    async function contentOf(key: string): Promise<Buffer> {
      return readAll((await store.get(prefix + key)).body)
    }

    /** The keys of unfinished uploads that begin so, without the suite's own prefix. */
    async function unfinished(start: string, pageSize?: number): Promise<string[]> {
      const keys: string[] = []
      const options = { prefix: prefix + start, ...(pageSize === undefined ? {} : { pageSize }) }
      for await (const { key } of store.listMultipartUploads(options)) keys.push(key.slice(prefix.length))
      return keys
    }

    async function initiate(key: string): Promise<{ key: string; uploadId: string }> {
      return { key: prefix + key, uploadId: await store.initiateMultipartUpload(prefix + key) }
    }

    describe('an object', () => {
      it('that fits in a part is one request, and known to be whole', async () => {
        const bytes = someBytes(70_000)
        const result = await upload('put', bytes)
        assert.equal(result.parts, 1)
        assert.equal(result.uploadId, undefined)
        assert.equal(result.checksum?.algorithm, bucket.traits.checksums.put)
        assert.notEqual(result.requestId, '')
        const head = await store.head(prefix + 'put')
        assert.equal(head.size, bytes.length)
        assert.equal(head.etag, result.etag)
        assert.deepEqual(head.checksum, result.checksum)
        assert.deepEqual(await contentOf('put'), bytes)
      })

      it('may be empty', async () => {
        const result = await upload('empty', Buffer.alloc(0))
        assert.equal(result.size, 0)
        assert.equal(result.checksum?.algorithm, bucket.traits.checksums.put)
        assert.deepEqual(await contentOf('empty'), Buffer.alloc(0))
      })

      it('that does not fit is made of parts, and known to be whole', async () => {
        const bytes = someBytes(2 * PART + 1)
        const result = await upload('parts', bytes)
        assert.equal(result.parts, 3)
        assert.equal(result.checksum?.algorithm, bucket.traits.checksums.multipart)
        const head = await store.head(prefix + 'parts')
        assert.equal(head.size, bytes.length)
        assert.equal(head.etag, result.etag)
        assert.deepEqual(head.checksum, result.checksum)
        assert.ok((await contentOf('parts')).equals(bytes))
        assert.deepEqual(await unfinished('parts'), [])
      })

      it('is read in ranges', async () => {
        const bytes = someBytes(1000)
        await upload('ranges', bytes)
        for (const [start, end] of [
          [0, 0],
          [10, 19],
          [990, undefined],
        ] as const) {
          const { body, size } = await store.get(prefix + 'ranges', {
            range: { start, ...(end === undefined ? {} : { end }) },
          })
          assert.equal(size, 1000)
          assert.deepEqual(await readAll(body), bytes.subarray(start, end === undefined ? undefined : end + 1))
        }
        await assert.rejects(store.get(prefix + 'ranges', { range: { start: 1000 } }), uploadError('REJECTED', '416'))
      })

      it('keeps what was said of it, put in one or in parts', async () => {
        const options = {
          contentType: 'text/plain; charset=utf-8',
          metadata: { Author: 'me', 'with-dashes-1': `inner  spaces !"#$%&'()*+,-./:;<=>?@[\\]^_\`{|}~`, empty: '' },
          headers: {
            'Cache-Control': 'max-age=60',
            'Content-Disposition': 'attachment; filename="a b.txt"',
            'Content-Language': 'en',
          },
          tagging: { project: 'a+b c', é: 'ü/=&' },
        }
        for (const [key, bytes] of [
          ['told', someBytes(10)],
          ['told in parts', someBytes(PART + 1)],
        ] as const) {
          await upload(key, bytes, options)
          const { contentType, metadata, headers, lastModified } = await store.head(prefix + key)
          assert.equal(contentType, options.contentType)
          assert.equal(metadata['author'], 'me')
          assert.equal(metadata['with-dashes-1'], options.metadata['with-dashes-1'])
          assert.equal(metadata['empty'] ?? '', '')
          assert.equal(headers['cache-control'], 'max-age=60')
          assert.equal(headers['content-disposition'], 'attachment; filename="a b.txt"')
          assert.ok(Math.abs(Number(lastModified) - Date.now()) < 300_000)
        }
      })

      it('replaces the one that was there', async () => {
        await upload('replaced', someBytes(10, 1))
        await upload('replaced', someBytes(20, 2))
        assert.deepEqual(await contentOf('replaced'), someBytes(20, 2))
        await upload('replaced', someBytes(PART + 1, 3))
        assert.ok((await contentOf('replaced')).equals(someBytes(PART + 1, 3)))
      })

      it('stays where it may not be replaced', async () => {
        const first = someBytes(10, 1)
        await upload('kept', first)
        const again = (bytes: Uint8Array): Promise<unknown> => upload('kept', bytes, { forbidOverwrite: true })
        if (bucket.traits.keepsObjects) {
          await assert.rejects(again(someBytes(20, 2)), uploadError('ALREADY_EXISTS'))
          await assert.rejects(again(someBytes(PART + 1, 3)), uploadError('ALREADY_EXISTS'))
          await upload('new', first, { forbidOverwrite: true })
          await upload('new in parts', someBytes(PART + 1), { forbidOverwrite: true })
        } else {
          await assert.rejects(again(someBytes(20, 2)), invalidOption('forbidOverwrite'))
        }
        assert.deepEqual(await contentOf('kept'), first)
        assert.deepEqual(await unfinished('kept'), [])
      })

      it('is deleted, also when it is not there', async () => {
        await upload('deleted', someBytes(10))
        await store.delete(prefix + 'deleted')
        assert.equal(await exists(store, prefix + 'deleted'), false)
        await store.delete(prefix + 'deleted')
      })

      it('may have an unusual key', async () => {
        for (const key of UNUSUAL_KEYS) {
          const bytes = Buffer.from(key)
          await upload(key, bytes)
          assert.deepEqual(await contentOf(key), bytes, JSON.stringify(key))
          await store.delete(prefix + key)
        }
      })
    })

    describe('bytes that are damaged on the way', () => {
      it('are sent again', async () => {
        const dispatcher = damagingDispatcher(PART, 1)
        await using damaging = bucket.open({ dispatcher })
        const bytes = someBytes(PART + 1)
        const stream = damaging.createUploadStream(prefix + 'damaged once', { partSize: PART })
        let retries = 0
        stream.on('retry', () => (retries += 1))
        await pipeline(Readable.from([bytes]), stream)
        assert.equal(dispatcher.damaged, 1)
        assert.equal(retries, 1)
        assert.ok((await contentOf('damaged once')).equals(bytes))
        await dispatcher.close()
      })

      it('are never published', async () => {
        for (const size of [10_000, PART + 10_000]) {
          const key = `damaged ${size}`
          const dispatcher = damagingDispatcher(10_000, Infinity)
          await using damaging = bucket.open({ dispatcher })
          const stream = damaging.createUploadStream(prefix + key, { partSize: PART })
          await assert.rejects(pipeline(Readable.from([someBytes(size)]), stream), (error) => {
            assert.ok(error instanceof UploadError)
            const { code, serviceCode = '' } = error
            const isRefused = code === 'REJECTED' && /Digest|SHA256|Checksum/.test(serviceCode)
            assert.ok(code === 'CHECKSUM_MISMATCH' || isRefused, error.message)
            return true
          })
          assert.equal(await exists(store, prefix + key), false)
          assert.deepEqual(await unfinished(key), [])
          await dispatcher.close()
        }
      })
    })

    describe('an upload by hand', () => {
      async function send(address: { key: string; uploadId: string }, partNumber: number, bytes: Buffer) {
        return store.uploadPart(address, partNumber, bytes, { contentMd5: partNumber === 1 })
      }

      it('takes parts in any order, and again', async () => {
        const address = await initiate('by hand')
        const [a, b, c] = [someBytes(PART, 1), someBytes(PART + 7, 2), someBytes(100, 3)]
        const last = await send(address, 3, c)
        await send(address, 1, someBytes(PART, 9))
        const middle = await send(address, 2, b)
        const first = await send(address, 1, a)
        const listed = []
        for await (const { partNumber, size, etag } of store.listParts(address)) listed.push([partNumber, size, etag])
        assert.deepEqual(
          listed.map(([partNumber, size]) => [partNumber, size]),
          [
            [1, a.length],
            [2, b.length],
            [3, c.length],
          ],
        )
        assert.deepEqual(
          listed.map(([, , etag]) => bare(etag)),
          [first, middle, last].map(({ etag }) => bare(etag)),
        )
        const stored = await store.completeMultipartUpload(address, [last, first, middle])
        assert.ok((await contentOf('by hand')).equals(Buffer.concat([a, b, c])))
        if (stored.etag !== '') assert.equal((await store.head(address.key)).etag, stored.etag)
      })

      it('takes parts with gaps between their numbers, or refuses to', async () => {
        const address = await initiate('gaps')
        const first = await send(address, 2, someBytes(PART, 1))
        const last = await send(address, 9, someBytes(10, 2))
        const complete = store.completeMultipartUpload(address, [first, last])
        if (bucket.traits.gaps === 'taken') {
          await complete
          assert.ok((await contentOf('gaps')).equals(Buffer.concat([someBytes(PART, 1), someBytes(10, 2)])))
        } else {
          await assert.rejects(complete, refusedWith('InvalidPartOrder'))
          await store.abortMultipartUpload(address)
        }
      })

      it('is listed part by part, page by page', async () => {
        const address = await initiate('pages of parts')
        for (const partNumber of [1, 2, 3, 5, 8]) await send(address, partNumber, someBytes(partNumber))
        const numbers: number[] = []
        for await (const part of store.listParts(address, { pageSize: 2 })) {
          assert.equal(part.size, part.partNumber)
          numbers.push(part.partNumber)
        }
        assert.deepEqual(numbers, [1, 2, 3, 5, 8])
        const after: number[] = []
        for await (const { partNumber } of store.listParts(address, { after: 2, pageSize: 2 })) after.push(partNumber)
        assert.deepEqual(after, [3, 5, 8])
        await store.abortMultipartUpload(address)
      })

      it('publishes nothing of a part that is too small, or is not there', async () => {
        const address = await initiate('too small')
        const small = await send(address, 1, someBytes(PART - 1))
        const last = await send(address, 2, someBytes(1))
        await assert.rejects(store.completeMultipartUpload(address, [small, last]), refusedWith('EntityTooSmall'))
        const missing = { partNumber: 3, etag: last.etag }
        await assert.rejects(store.completeMultipartUpload(address, [missing]), refusedWith('InvalidPart'))
        const another = { ...last, etag: `"${'0'.repeat(32)}"` }
        await assert.rejects(store.completeMultipartUpload(address, [another]), refusedWith('InvalidPart'))
        assert.equal(await exists(store, address.key), false)
        await store.abortMultipartUpload(address)
      })

      it('leaves out parts that are not listed, or refuses to', async () => {
        const address = await initiate('left out')
        const first = await send(address, 1, someBytes(10, 1))
        await send(address, 2, someBytes(10, 2))
        const complete = store.completeMultipartUpload(address, [first])
        if (bucket.traits.unlistedParts === 'dropped') {
          await complete
          assert.deepEqual(await contentOf('left out'), someBytes(10, 1))
        } else {
          await assert.rejects(complete, refusedWith('InvalidPart'))
          await store.abortMultipartUpload(address)
        }
      })

      it('is over once it is completed', async () => {
        const address = await initiate('over')
        const part: CompletedPart = await send(address, 1, someBytes(10))
        await store.completeMultipartUpload(address, [part])
        const again = store.completeMultipartUpload(address, [part])
        if (bucket.traits.secondComplete === 'refused') await assert.rejects(again, uploadError('NO_SUCH_UPLOAD'))
        else await again
        assert.deepEqual(await contentOf('over'), someBytes(10))
        await assert.rejects(send(address, 2, someBytes(10)), uploadError('NO_SUCH_UPLOAD'))
        assert.deepEqual(await unfinished('over'), [])
      })

      it('is gone once it is given up, however often', async () => {
        const address = await initiate('given up')
        const part = await send(address, 1, someBytes(10))
        await store.abortMultipartUpload(address)
        await store.abortMultipartUpload(address)
        await assert.rejects(send(address, 2, someBytes(10)), uploadError('NO_SUCH_UPLOAD'))
        await assert.rejects(
          store.completeMultipartUpload(address, [part]),
          uploadError(bucket.traits.completeOfNothing),
        )
        await assert.rejects(store.listParts(address).next(), uploadError('NO_SUCH_UPLOAD'))
        assert.deepEqual(await unfinished('given up'), [])
        assert.equal(await exists(store, address.key), false)
      })
    })

    describe('unfinished uploads', () => {
      it('are listed by their unusual keys in order, page by page', async () => {
        const folder = 'unfinished/'
        const uploads = []
        for (const key of [...UNUSUAL_KEYS].reverse()) uploads.push(await initiate(folder + key))
        const expected = UNUSUAL_KEYS.map((key) => folder + key)
        for (const pageSize of [1, 5, 1000]) assert.deepEqual(await unfinished(folder, pageSize), expected)
        assert.deepEqual(await unfinished(`${folder}a+`), [`${folder}a+b`])
        for (const address of uploads) await store.abortMultipartUpload(address)
        assert.deepEqual(await unfinished(folder), [])
      })

      it('of one key are told apart', async () => {
        const uploads = []
        for (let i = 0; i < 5; i += 1) uploads.push(await initiate('the same'))
        const ids: string[] = []
        for await (const { uploadId } of store.listMultipartUploads({ prefix: `${prefix}the same`, pageSize: 2 })) {
          ids.push(uploadId)
        }
        assert.deepEqual(ids.sort(), uploads.map(({ uploadId }) => uploadId).sort())
        for (const address of uploads) await store.abortMultipartUpload(address)
      })

      it('are left by no stream that is given up', async () => {
        const stream = store.createUploadStream(`${prefix}a stream given up`, { partSize: PART })
        stream.on('error', () => undefined)
        stream.write(someBytes(PART + 1))
        await new Promise((resolve) => stream.once('initiated', resolve))
        stream.destroy()
        await assert.rejects(stream.done, uploadError('ABORTED'))
        assert.deepEqual(await unfinished('a stream given up'), [])
        assert.equal(await exists(store, `${prefix}a stream given up`), false)
      })
    })

    describe('an error', () => {
      it('says what is not there', async () => {
        await assert.rejects(store.head(`${prefix}nothing`), uploadError('NOT_FOUND', '404'))
        await assert.rejects(store.get(`${prefix}nothing`), uploadError('NOT_FOUND', 'NoSuchKey'))
        await using elsewhere = bucket.open({ bucket: `no-bucket-${randomBytes(8).toString('hex')}` })
        const stream = elsewhere.createUploadStream('k')
        await assert.rejects(pipeline(Readable.from(['x']), stream), uploadError('NOT_FOUND', 'NoSuchBucket'))
      })

      it('says who may not, and shows no secret', async () => {
        const credentials = { accessKeyId: 'no-such-key', accessKeySecret: 'TOPSECRET-TOPSECRET' }
        await using stranger = bucket.open({ credentials })
        const stream = stranger.createUploadStream(`${prefix}k`)
        await assert.rejects(pipeline(Readable.from(['x']), stream), (error: Error) => {
          assert.ok(!error.message.includes('TOPSECRET'))
          return uploadError('ACCESS_DENIED', 'InvalidAccessKeyId')(error)
        })
      })
    })
  })
}

function refusedWith(serviceCode: string): (error: unknown) => boolean {
  return (error) => uploadError('REJECTED', serviceCode)(error)
}

/** ETags come with quotes or without, in upper or lower case. */
function bare(etag: unknown): string {
  return String(etag).replaceAll('"', '').toLowerCase()
}
