import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { UploadOptions } from '../../src/index.js'
import { embeddedStore } from '../support/embedded-store.js'
import { assertRefused } from '../support/refusal.js'

const CALLBACK = { url: 'https://example.com/stored', body: 'key=${object}' }

/** What is refused, and what the message says: the option, the value and what is accepted. */
const REFUSED: [options: unknown, ...texts: string[]][] = [
  [null, 'options is null', 'an object'],
  [5, 'options is 5', 'an object'],
  [{ partsize: 1 }, "an upload has no option 'partsize'", 'partSize'],
  [{ partSize: 100 * 1024 - 1 }, 'partSize is 102399', 'from 102400 to 5368709120 (bytes)'],
  [{ partSize: 2 ** 31 + 1 }, 'partSize is 2147483649'],
  [{ partSize: '8 MiB' }, "partSize is '8 MiB'"],
  [{ partSize: 2 ** 29 }, 'partSize is 536870912', 'maxMemory of the store, 268435456 bytes'],
  [{ concurrency: 0 }, 'concurrency is 0', 'from 1 to 100'],
  [{ concurrency: 101 }, 'concurrency is 101'],
  [{ concurrency: 'most' }, "concurrency is 'most'", 'a whole number from 1 to 100', "'auto'"],
  [{ concurrency: Number.NaN }, 'concurrency is NaN'],
  [{ expectedSize: -1 }, 'expectedSize is -1', 'from 0 to 53687091200000 (bytes)'],
  [{ expectedSize: 2 ** 46 }, 'expectedSize is 70368744177664'],
  [{ expectedSize: 10 * 2 ** 40 }, 'the part size for expectedSize 10995116277760', 'maxMemory of the store'],
  [{ partGrowth: 'no' }, "partGrowth is 'no'", 'true and false'],
  [{ signal: new EventTarget() }, 'signal is EventTarget', 'an AbortSignal'],
  [{ onProgress: true }, 'onProgress is true', 'a function'],
  [{ contentType: 5 }, 'contentType must be', 'printable ASCII', 'type number'],
  [{ contentType: 'text/plain\r\nx-evil: 1' }, 'contentType must be', 'on one line', 'U+000D'],
  [{ metadata: 'a=b' }, "metadata is 'a=b'", 'an object'],
  [{ metadata: { 'a b': 'c' } }, "a name in metadata is 'a b'", 'A-Z a-z 0-9 and -'],
  [{ metadata: { a: 5 } }, 'metadata["a"] must be', 'printable ASCII', 'type number'],
  [{ metadata: { a: 'größe' } }, 'metadata["a"] must be', 'U+00F6', 'encodeURIComponent'],
  [{ metadata: { A: '1', a: '2' } }, "a name in metadata is 'a'", 'twice'],
  [{ metadata: { a: 'x'.repeat(8192) } }, 'metadata is', '8193 bytes', '8192 bytes in all'],
  [{ headers: { 'a b': 'c' } }, "a name in headers is 'a b'", 'names of HTTP headers'],
  [{ headers: { 'x-a': 'b\nc' } }, 'headers["x-a"] must be', 'on one line'],
  [{ headers: { 'Content-Length': '5' } }, "a name in headers is 'content-length'", 'the library itself'],
  [{ headers: { Authorization: 'x' } }, "a name in headers is 'authorization'"],
  [{ acl: 'public' }, "acl is 'public'", "'private', 'public-read', 'public-read-write', 'default'"],
  [{ storageClass: 'Cold' }, "storageClass is 'Cold'", "'Standard', 'IA', 'Archive'"],
  [{ tagging: 'a=b' }, "tagging is 'a=b'", 'an object'],
  [{ tagging: { a: 5 } }, 'tagging["a"] is 5', 'text'],
  [{ tagging: { '': 'a' } }, "a name in tagging is ''", '1 to 128 characters'],
  [{ tagging: { a: 'ü'.repeat(257) } }, 'tagging["a"] is', '0 to 256 characters'],
  [{ tagging: Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`tag${i}`, ''])) }, '11 tags', 'up to 10 tags'],
  [{ serverSideEncryption: 'AES' }, "serverSideEncryption is 'AES'", "'AES256', 'KMS', 'SM4'"],
  [{ serverSideEncryption: null }, 'serverSideEncryption is null', 'an object'],
  [{ serverSideEncryption: 256 }, 'serverSideEncryption is 256'],
  [
    { serverSideEncryption: { algorithm: 'AES256', keyId: 'k' } },
    'serverSideEncryption.keyId is set',
    "it goes with 'KMS' alone",
  ],
  [{ serverSideEncryption: { algorithm: 'KMS', keyID: 'k' } }, "serverSideEncryption has no option 'keyID'", 'keyId'],
  [{ serverSideEncryption: { algorithm: 'KMS', dataEncryption: 'AES' } }, "dataEncryption is 'AES'", "'SM4'"],
  [{ forbidOverwrite: 'true' }, "forbidOverwrite is 'true'", 'true and false'],
  [{ callback: null }, 'callback is null', 'an object'],
  [{ callback: 'https://example.com' }, "callback is 'https://example.com'", 'an object'],
  [{ callback: { body: 'x' } }, 'callback.url is undefined', 'a URL, or a list of up to 5'],
  [{ callback: { ...CALLBACK, url: 'example.com' } }, "callback.url is 'example.com'", 'http and https URLs'],
  [{ callback: { ...CALLBACK, url: Array.from({ length: 6 }, () => CALLBACK.url) } }, 'callback.url is', 'up to 5'],
  [{ callback: { ...CALLBACK, body: '' } }, "callback.body is ''", 'not empty'],
  [{ callback: { ...CALLBACK, bodyType: 'text/plain' } }, "callback.bodyType is 'text/plain'", "'application/json'"],
  [{ callback: { ...CALLBACK, sni: 1 } }, 'callback.sni is 1', 'true and false'],
  [{ callback: { ...CALLBACK, hots: 'x' } }, "callback has no option 'hots'", 'host'],
  [{ callback: { ...CALLBACK, variables: { A: 'b' } } }, "a name in callback.variables is 'A'", 'a-z 0-9 _ and -'],
  [{ callback: { ...CALLBACK, variables: { a: 5 } } }, 'callback.variables["a"] is 5', 'text'],
  [{ callback: { ...CALLBACK, body: 'x'.repeat(5000) } }, 'callback is', 'bytes long', '5 KiB'],
  [{ trafficLimit: 1000 }, 'trafficLimit is 1000', 'from 245760 to 838860800 (bit/s)'],
  [{ contentMd5: 'yes' }, "contentMd5 is 'yes'", 'true and false'],
]

const REFUSED_KEYS: [key: unknown, ...texts: string[]][] = [
  ['', "is ''", '1 to 1023 bytes'],
  ['/leading/slash', "key is '/leading/slash'", 'do not begin with / or \\'],
  ['\\leading\\backslash', 'key is', 'do not begin with / or \\'],
  ['ü'.repeat(512), 'key (1024 bytes)', '1 to 1023 bytes of UTF-8'],
  ['\ud83d', 'key is', 'UTF-8'],
  [5, 'key is 5'],
  [null, 'key is null'],
]

describe('an upload', () => {
  for (const method of ['createUploadStream', 'createUploadTransform'] as const) {
    it(`is refused by ${method} with options out of range, before anything is sent`, async (t) => {
      const { emulator, store } = await embeddedStore(t)
      for (const [options, ...texts] of REFUSED) {
        await assertRefused(() => store[method]('key', options as UploadOptions), texts)
      }
      assert.deepEqual(emulator.requests, [])
    })

    it(`is refused by ${method} with a key that the service would not take, before anything is sent`, async (t) => {
      const { emulator, store } = await embeddedStore(t)
      for (const [key, ...texts] of REFUSED_KEYS) await assertRefused(() => store[method](key as string), texts)
      assert.deepEqual(emulator.requests, [])
    })
  }

  it('takes an option that is undefined as one that is not there', async (t) => {
    const { store } = await embeddedStore(t)
    const names = ['partSize', 'concurrency', 'expectedSize', 'partGrowth', 'signal', 'onProgress', 'contentType']
    const objectNames = ['metadata', 'headers', 'acl', 'storageClass', 'tagging', 'serverSideEncryption']
    const options = Object.fromEntries(
      [...names, ...objectNames, 'forbidOverwrite', 'callback', 'trafficLimit', 'contentMd5'].map((name) => [
        name,
        undefined,
      ]),
    )
    const upload = store.createUploadStream('key', options)
    upload.end('x')
    assert.equal((await upload.done).size, 1)
    assert.equal((await store.head('key')).contentType, 'application/octet-stream')
  })

  it('takes the longest key', async (t) => {
    const { store } = await embeddedStore(t)
    const key = `${'ü'.repeat(511)}x`
    const upload = store.createUploadStream(key)
    upload.end()
    assert.equal((await upload.done).key, key)
    assert.equal((await store.head(key)).size, 0)
  })
})
