import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { FaultAction, OperationName } from '../../src/emulator/index.js'
import { UploadError } from '../../src/index.js'
import { someBytes } from '../support/bytes.js'
import { emulatedStore, exists } from '../support/emulated-store.js'

const PART = 100 * 1024
const initiated = (uploadId: string) =>
  `<InitiateMultipartUploadResult><UploadId>${uploadId}</UploadId></InitiateMultipartUploadResult>`
const billionLaughs = `<!DOCTYPE x [<!ENTITY a "ha">${Array.from({ length: 20 }, (_, i) => `<!ENTITY a${i} "${'&a;'.repeat(20)}">`).join('')}]>`

const ANSWERS: [what: string, operation: OperationName, action: FaultAction, code: string][] = [
  ['entities that grow', 'InitiateMultipartUpload', xml(`${billionLaughs}${initiated('&a19;')}`), 'BAD_ANSWER'],
  [
    'an outside entity',
    'InitiateMultipartUpload',
    xml(`<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>${initiated('&a;')}`),
    'BAD_ANSWER',
  ],
  ['bottomless elements', 'InitiateMultipartUpload', xml('<a>'.repeat(200_000)), 'BAD_ANSWER'],
  [
    'a reserved name',
    'InitiateMultipartUpload',
    xml(`<InitiateMultipartUploadResult><__proto__><UploadId>x</UploadId></__proto__></InitiateMultipartUploadResult>`),
    'BAD_ANSWER',
  ],
  ['no upload ID', 'InitiateMultipartUpload', xml(initiated('')), 'BAD_ANSWER'],
  ['another document', 'InitiateMultipartUpload', xml('<html><body>Welcome to the hotel</body></html>'), 'BAD_ANSWER'],
  [
    'a length that is too long',
    'InitiateMultipartUpload',
    { type: 'answer', status: 200, headers: { 'Content-Length': '100000' }, body: initiated('x') },
    'NETWORK',
  ],
  [
    'a length that is too short',
    'InitiateMultipartUpload',
    { type: 'answer', status: 200, headers: { 'Content-Length': '10' }, body: initiated('x') },
    'BAD_ANSWER',
  ],
  ['no end', 'InitiateMultipartUpload', { type: 'endless' }, 'BAD_ANSWER'],
  [
    'a redirect to another host',
    'InitiateMultipartUpload',
    { type: 'redirect', location: 'http://127.0.0.2:9/' },
    'REJECTED',
  ],
  [
    'an informational page instead of a part',
    'UploadPart',
    { type: 'answer', status: 200, body: '<html>' },
    'BAD_ANSWER',
  ],
  ['a checksum that is no number', 'UploadPart', { type: 'wrong-checksum', crc64: '1e19' }, 'CHECKSUM_MISMATCH'],
  [
    'a checksum beyond 64 bits',
    'UploadPart',
    { type: 'wrong-checksum', crc64: '99999999999999999999' },
    'CHECKSUM_MISMATCH',
  ],
]

function xml(body: string): FaultAction {
  return { type: 'answer', status: 200, headers: { 'Content-Type': 'application/xml' }, body }
}

describe('a hostile response', () => {
  for (const [what, operation, action, code] of ANSWERS) {
    it(`fails the upload when it has ${what}`, async (t) => {
      const { emulator, store, open } = await emulatedStore(t)
      const failing = open({ retry: { maxAttempts: 2, baseDelayMs: 1 }, timeouts: { answerMs: 500, stallMs: 500 } })
      emulator.faults.inject({ match: { operation }, times: Infinity, action })
      const upload = failing.createUploadStream('k', { partSize: PART })
      upload.on('error', () => undefined)
      upload.end(someBytes(2 * PART))
      await assert.rejects(upload.done, (error: UploadError) => {
        assert.ok(error instanceof UploadError)
        // A connection that is kept waiting for the rest may also run into its time limit.
        assert.ok([code, 'TIMEOUT'].includes(error.code), `${error.code}: ${error.message}`)
        assert.ok(error.message.length < 2000)
        return true
      })
      emulator.faults.clear()
      assert.equal(await exists(store, 'k'), false)
      assert.equal(({} as Record<string, unknown>)['UploadId'], undefined)
    })
  }

  it('may contain an upload ID of any characters, which injects nothing into later requests', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const uploadId = 'x&amp;uploads=1&#13;&#10;x-oss-object-acl: public-read/../?'
    emulator.faults.inject({ match: { operation: 'InitiateMultipartUpload' }, action: xml(initiated(uploadId)) })
    const upload = store.createUploadStream('k', { partSize: PART })
    upload.on('error', () => undefined)
    upload.end(someBytes(2 * PART))
    await assert.rejects(upload.done, { code: 'NO_SUCH_UPLOAD' })
    const parts = emulator.requests.filter(({ operation }) => operation === 'UploadPart')
    assert.ok(parts.length > 0)
    for (const { query, headers } of parts) {
      assert.equal(new URLSearchParams(Object.entries(query)).has('uploads'), false)
      assert.equal('x-oss-object-acl' in headers, false)
    }
  })
})

describe('an unreachable store', () => {
  for (const [what, endpoint, options] of [
    ['because its name is unknown', 'http://no-such-host.invalid', {}],
    ['because nobody listens', 'http://127.0.0.1:9', {}],
    ['because it speaks no TLS', undefined, {}],
  ] as const) {
    it(`fails the upload ${what}`, async (t) => {
      const { emulator, open } = await emulatedStore(t)
      const store = open({
        endpoint: endpoint ?? emulator.endpoint.replace('http:', 'https:'),
        retry: { maxAttempts: 2, baseDelayMs: 1 },
        timeouts: { connectMs: 2000 },
        ...options,
      })
      const upload = store.createUploadStream('k')
      upload.on('error', () => undefined)
      upload.end('dump')
      await assert.rejects(upload.done, ({ code, attempts, retryable }: UploadError) => {
        assert.ok(code === 'NETWORK' || code === 'TIMEOUT', code)
        assert.equal(attempts, 2)
        return retryable
      })
    })
  }
})
