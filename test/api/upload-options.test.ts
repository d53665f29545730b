import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { UploadOptions } from '../../src/index.js'
import { emulatedStore } from '../support/emulated-store.js'
import { assertRefused } from '../support/refusal.js'

const CALLBACK = { url: 'https://example.com/stored', body: 'key=${object}' }

/** What is refused, and what the message says: the option, the value and what is accepted. */
const REFUSED: [options: unknown, ...texts: string[]][] = [
  [null, 'options ', '(got null)', 'an object'],
  [5, 'options ', '(got 5)', 'an object'],
  [{ partsize: 1 }, "an upload has no option 'partsize'", 'partSize'],
  [{ partSize: 100 * 1024 - 1 }, 'partSize ', '(got 102399)', 'from 102,400 to 5,368,709,120 bytes'],
  [{ partSize: 2 ** 31 + 1 }, 'partSize ', '(got 2147483649)'],
  [{ partSize: '8 MiB' }, 'partSize ', "(got '8 MiB')"],
  [{ partSize: 2 ** 29 }, 'partSize ', '(got 536870912)', 'maxMemory of the store, 268435456 bytes'],
  [{ concurrency: 0 }, 'concurrency ', '(got 0)', 'from 1 to 100'],
  [{ concurrency: 101 }, 'concurrency ', '(got 101)'],
  [{ concurrency: 'most' }, 'concurrency ', "(got 'most')", 'an integer from 1 to 100', "'auto'"],
  [{ concurrency: Number.NaN }, 'concurrency ', '(got NaN)'],
  [{ expectedSize: -1 }, 'expectedSize ', '(got -1)', 'from 0 to 53,687,091,200,000 bytes'],
  [{ expectedSize: 2 ** 46 }, 'expectedSize ', '(got 70368744177664)'],
  [{ expectedSize: 10 * 2 ** 40 }, 'the part size for expectedSize 10995116277760', 'maxMemory of the store'],
  [{ partGrowth: 'no' }, 'partGrowth ', "(got 'no')", 'true or false'],
  [{ signal: new EventTarget() }, 'signal ', '(got EventTarget {})', 'an AbortSignal'],
  [{ onProgress: true }, 'onProgress ', '(got true)', 'a function'],
  [{ contentType: 5 }, 'contentType must be', 'printable ASCII', 'type number'],
  [{ contentType: 'text/plain\r\nx-evil: 1' }, 'contentType must be', 'on one line', 'U+000D'],
  [{ metadata: 'a=b' }, 'metadata ', "(got 'a=b')", 'an object'],
  [{ metadata: { 'a b': 'c' } }, 'a name in metadata ', "(got 'a b')", 'A-Z a-z 0-9 and -'],
  [{ metadata: { a: 5 } }, 'metadata["a"] must be', 'printable ASCII', 'type number'],
  [{ metadata: { a: 'größe' } }, 'metadata["a"] must be', 'U+00F6', 'encodeURIComponent'],
  [{ metadata: { A: '1', a: '2' } }, 'a name in metadata ', "(got 'a')", 'twice'],
  [{ metadata: { a: 'x'.repeat(8192) } }, 'metadata must', '8193 bytes', '8192 bytes in all'],
  [{ headers: { 'a b': 'c' } }, 'a name in headers ', "(got 'a b')", 'the name of an HTTP header'],
  [{ headers: { 'x-a': 'b\nc' } }, 'headers["x-a"] must be', 'on one line'],
  [{ headers: { 'Content-Length': '5' } }, 'a name in headers ', "(got 'content-length')", 'the library sets it'],
  [{ headers: { Authorization: 'x' } }, 'a name in headers ', "(got 'authorization')"],
  [{ acl: 'public' }, 'acl ', "(got 'public')", "'private', 'public-read', 'public-read-write', 'default'"],
  [{ storageClass: 'Cold' }, 'storageClass ', "(got 'Cold')", "'Standard', 'IA', 'Archive'"],
  [{ tagging: 'a=b' }, 'tagging ', "(got 'a=b')", 'an object'],
  [{ tagging: { a: 5 } }, 'tagging["a"] ', '(got 5)', 'a string'],
  [{ tagging: { '': 'a' } }, 'a name in tagging ', "(got '')", '1 to 128 characters'],
  [{ tagging: { a: 'ü'.repeat(257) } }, 'tagging["a"] must', '0 to 256 characters'],
  [{ tagging: Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`tag${i}`, ''])) }, '11 tags', 'up to 10 tags'],
  [{ serverSideEncryption: 'AES' }, 'serverSideEncryption ', "(got 'AES')", "'AES256', 'KMS', 'SM4'"],
  [{ serverSideEncryption: null }, 'serverSideEncryption ', '(got null)', 'an object'],
  [{ serverSideEncryption: 256 }, 'serverSideEncryption ', '(got 256)'],
  [
    { serverSideEncryption: { algorithm: 'AES256', keyId: 'k' } },
    'serverSideEncryption.keyId must be left out',
    "it goes with 'KMS' alone",
  ],
  [{ serverSideEncryption: { algorithm: 'KMS', keyID: 'k' } }, "serverSideEncryption has no option 'keyID'", 'keyId'],
  [{ serverSideEncryption: { algorithm: 'KMS', dataEncryption: 'AES' } }, 'dataEncryption ', "(got 'AES')", "'SM4'"],
  [{ forbidOverwrite: 'true' }, 'forbidOverwrite ', "(got 'true')", 'true or false'],
  [{ callback: null }, 'callback ', '(got null)', 'an object'],
  [{ callback: 'https://example.com' }, 'callback ', "(got 'https://example.com')", 'an object'],
  [{ callback: { body: 'x' } }, 'callback.url ', '(got undefined)', 'a URL, or a list of up to 5'],
  [{ callback: { ...CALLBACK, url: 'example.com' } }, 'callback.url ', "(got 'example.com')", 'an http or https URL'],
  [{ callback: { ...CALLBACK, url: Array.from({ length: 6 }, () => CALLBACK.url) } }, 'callback.url must', 'up to 5'],
  [{ callback: { ...CALLBACK, body: '' } }, 'callback.body ', "(got '')", 'not empty'],
  [
    { callback: { ...CALLBACK, bodyType: 'text/plain' } },
    'callback.bodyType ',
    "(got 'text/plain')",
    "'application/json'",
  ],
  [{ callback: { ...CALLBACK, sni: 1 } }, 'callback.sni ', '(got 1)', 'true or false'],
  [{ callback: { ...CALLBACK, hots: 'x' } }, "callback has no option 'hots'", 'host'],
  [{ callback: { ...CALLBACK, variables: { A: 'b' } } }, "(got 'A')", 'a-z 0-9 _ and -'],
  [{ callback: { ...CALLBACK, variables: { a: 5 } } }, 'callback.variables["a"] ', '(got 5)', 'string'],
  [{ callback: { ...CALLBACK, body: 'x'.repeat(5000) } }, 'callback must', 'bytes long', '5 KiB'],
  [{ trafficLimit: 1000 }, 'trafficLimit ', '(got 1000)', 'from 245,760 to 838,860,800 bit/s'],
  [{ contentMd5: 'yes' }, 'contentMd5 ', "(got 'yes')", 'true or false'],
]

const REFUSED_KEYS: [key: unknown, ...texts: string[]][] = [
  ['', "(got '')", '1 to 1023 bytes'],
  ['/leading/slash', 'key ', "(got '/leading/slash')", 'do not start with / or \\'],
  ['\\leading\\backslash', 'key must', 'do not start with / or \\'],
  ['ü'.repeat(512), 'key (1024 bytes)', '1 to 1023 bytes of UTF-8'],
  ['\ud83d', 'key must', 'UTF-8'],
  [5, 'key ', '(got 5)'],
  [null, 'key ', '(got null)'],
]

describe('an upload', () => {
  for (const method of ['createUploadStream', 'createUploadTransform'] as const) {
    it(`is refused by ${method} with options out of range, before anything is sent`, async (t) => {
      const { emulator, store } = await emulatedStore(t)
      for (const [options, ...texts] of REFUSED) {
        await assertRefused(() => store[method]('key', options as UploadOptions), texts)
      }
      assert.deepEqual(emulator.requests, [])
    })

    it(`is refused by ${method} with a key that the service would not take, before anything is sent`, async (t) => {
      const { emulator, store } = await emulatedStore(t)
      for (const [key, ...texts] of REFUSED_KEYS) await assertRefused(() => store[method](key as string), texts)
      assert.deepEqual(emulator.requests, [])
    })
  }

  it('treats an undefined option as absent', async (t) => {
    const { store } = await emulatedStore(t)
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

  it('accepts the longest key', async (t) => {
    const { store } = await emulatedStore(t)
    const key = `${'ü'.repeat(511)}x`
    const upload = store.createUploadStream(key)
    upload.end()
    assert.equal((await upload.done).key, key)
    assert.equal((await store.head(key)).size, 0)
  })
})
