/** What is particular to S3: its codes, its headers, its checksums. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { startEmulator } from '../../src/emulator/index.js'
import { combineChecksums, startChecksum } from '../../src/checksum/checksum.js'
import { someBytes } from '../support/bytes.js'
import { etagOf, md5, startUpload } from '../support/s3-request.js'
import { answerTo, codeOf, send, start, xmlOf, type RawRequest } from '../support/signed-request.js'

const SMALL = { region: 'eu-test-1', limits: { minPartSize: 10 } }
const s3 = (request: RawRequest): RawRequest => ({ key: 'k', signature: 's3', ...request })

function crc32(content: string): string {
  const running = startChecksum('crc32')
  running.update(Buffer.from(content))
  return running.digest()
}

describe('an object of S3', () => {
  it('has a lower-case ETag and the headers of S3, not those of other services', async () => {
    await using emulator = await startEmulator(SMALL)
    const headers = {
      'content-type': 'text/plain',
      'x-amz-meta-owner': 'me',
      'x-amz-storage-class': 'STANDARD_IA',
      'x-amz-tagging': 'a=b&c=d',
      'x-amz-server-side-encryption': 'AES256',
      'x-amz-acl': 'private',
    }
    const put = await send(emulator, s3({ method: 'PUT', body: 'abc', headers }))
    assert.equal(put.headers.etag, `"${md5('abc')}"`)
    assert.equal(put.headers['x-amz-server-side-encryption'], 'AES256')
    const head = await send(emulator, s3({ method: 'HEAD' }))
    assert.equal(head.headers['x-amz-meta-owner'], 'me')
    assert.equal(head.headers['x-amz-storage-class'], 'STANDARD_IA')
    assert.equal(head.headers['x-amz-tagging-count'], '2')
    assert.match(head.headers['x-amz-request-id'] as string, /^[0-9A-F]{16}$/)
    assert.ok(head.headers['x-amz-id-2'])
    assert.deepEqual(
      Object.keys(head.headers).filter((name) => /^x-(oss|obs)-/.test(name)),
      [],
    )
  })

  it('gives its errors in a document, and to HEAD only their status', async () => {
    await using emulator = await startEmulator(SMALL)
    const get = await send(emulator, s3({}))
    assert.equal(get.status, 404)
    assert.equal(codeOf(get), 'NoSuchKey')
    assert.equal(xmlOf(get).text('Key'), 'k')
    assert.equal(xmlOf(get).text('RequestId'), get.headers['x-amz-request-id'])
    const head = await send(emulator, s3({ method: 'HEAD' }))
    assert.equal(head.status, 404)
    assert.equal(head.body.length, 0)
    assert.equal(head.headers['x-oss-err'], undefined)
  })

  it('is kept where the request says so', async () => {
    await using emulator = await startEmulator(SMALL)
    const put = () => send(emulator, s3({ method: 'PUT', body: 'abc', headers: { 'if-none-match': '*' } }))
    assert.equal((await put()).status, 200)
    const again = await put()
    assert.equal(again.status, 412)
    assert.equal(codeOf(again), 'PreconditionFailed')
  })

  it('is refused where its Content-MD5 or its range is wrong', async () => {
    await using emulator = await startEmulator(SMALL)
    const put = (value: string) => send(emulator, s3({ method: 'PUT', body: 'abc', headers: { 'content-md5': value } }))
    assert.equal(codeOf(await put(createHash('md5').update('abd').digest('base64'))), 'BadDigest')
    assert.equal(codeOf(await put('short')), 'InvalidDigest')
    assert.equal((await put(createHash('md5').update('abc').digest('base64'))).status, 200)
    const beyond = await send(emulator, s3({ headers: { range: 'bytes=3-' } }))
    assert.equal(beyond.status, 416)
    assert.equal(codeOf(beyond), 'InvalidRange')
  })

  it('is refused if its size is not given', async () => {
    await using emulator = await startEmulator(SMALL)
    const headers = { 'transfer-encoding': 'chunked', 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }
    const outgoing = start(emulator, s3({ method: 'PUT', headers }))
    outgoing.end('abc')
    assert.equal((await answerTo(outgoing)).statusCode, 411)
  })

  it('is refused where a value is none of S3', async () => {
    await using emulator = await startEmulator(SMALL)
    for (const [name, value, code] of [
      ['x-amz-storage-class', 'WARM', 'InvalidStorageClass'],
      ['x-amz-acl', 'mine', 'InvalidArgument'],
      ['x-amz-server-side-encryption', 'ROT13', 'InvalidEncryptionAlgorithmError'],
      ['x-amz-tagging', 'a=b&a=c', 'InvalidTag'],
      ['x-amz-meta-much', 'x'.repeat(2100), 'MetadataTooLarge'],
    ] as const) {
      const answer = await send(emulator, s3({ method: 'PUT', body: 'x', headers: { [name]: value } }))
      assert.equal(codeOf(answer), code, name)
    }
    const key = 'k'.repeat(1025)
    assert.equal(codeOf(await send(emulator, s3({ method: 'PUT', key }))), 'KeyTooLongError')
    assert.equal((await send(emulator, s3({ method: 'PUT', key: '/k', bucket: 'with.dots' }))).status, 200)
  })
})

describe('an upload in parts to S3', () => {
  it('has parts of 5 MiB at least', async () => {
    await using emulator = await startEmulator({ region: 'eu-test-1' })
    const upload = await startUpload(emulator, 's3')
    const parts = [await upload.part(1, someBytes(200_000)), await upload.part(2, 'x')]
    const done = await upload.complete({ 1: etagOf(parts[0]!), 2: etagOf(parts[1]!) })
    assert.equal(codeOf(done), 'EntityTooSmall')
    assert.equal(xmlOf(done).text('MinSizeAllowed'), String(5 * 1024 * 1024))
  })

  it('is verified by the checksum of the full object', async () => {
    await using emulator = await startEmulator(SMALL)
    const type = { 'x-amz-checksum-type': 'FULL_OBJECT' }
    const upload = await startUpload(emulator, 's3', { 'x-amz-checksum-algorithm': 'CRC32', ...type })
    assert.equal(upload.initiated.headers['x-amz-checksum-algorithm'], 'CRC32')
    const [a, b] = ['0123456789', 'abc']
    const values = [crc32(a), crc32(b)]
    const first = await upload.part(1, a, { 'x-amz-checksum-crc32': values[0]! })
    assert.equal(first.headers['x-amz-checksum-crc32'], values[0])
    assert.equal(codeOf(await upload.part(2, b, { 'x-amz-checksum-crc32': values[0]! })), 'BadDigest')
    assert.equal(codeOf(await upload.part(2, b, { 'x-amz-checksum-crc32': 'short' })), 'InvalidRequest')
    assert.equal(codeOf(await upload.part(2, b, { 'x-amz-checksum-sha1': 'x' })), 'InvalidRequest')
    const second = await upload.part(2, b)
    const parts = { 1: etagOf(first), 2: etagOf(second) }
    const whole = combineChecksums('crc32', [
      { value: values[0]!, size: a.length },
      { value: values[1]!, size: b.length },
    ])!
    const listed = await send(emulator, s3({ query: [['uploadId', upload.uploadId]] }))
    assert.equal(xmlOf(listed).text('ChecksumType'), 'FULL_OBJECT')
    assert.equal(xmlOf(listed).child('Part')?.text('ChecksumCRC32'), values[0])
    const wrong = await upload.complete(parts, { 'x-amz-checksum-crc32': values[0]!, ...type })
    assert.equal(codeOf(wrong), 'BadDigest')
    assert.equal(codeOf(await upload.complete(parts, { 'x-amz-mp-object-size': '12' })), 'InvalidRequest')
    assert.equal(codeOf(await upload.complete(parts, { 'x-amz-checksum-type': 'COMPOSITE' })), 'InvalidRequest')
    const done = await upload.complete(parts, { 'x-amz-checksum-crc32': whole, 'x-amz-mp-object-size': '13', ...type })
    assert.equal(xmlOf(done).text('ChecksumCRC32'), whole)
    assert.equal(whole, crc32(a + b))
    const etag = createHash('md5').update(md5(a), 'hex').update(md5(b), 'hex').digest('hex')
    assert.equal(xmlOf(done).text('ETag'), `"${etag}-2"`)
    const silent = await send(emulator, s3({ method: 'HEAD' }))
    assert.equal(silent.headers['x-amz-checksum-crc32'], undefined)
    const asked = await send(emulator, s3({ method: 'HEAD', headers: { 'x-amz-checksum-mode': 'ENABLED' } }))
    assert.equal(asked.headers['x-amz-checksum-crc32'], whole)
  })

  it("requires each part's checksum for a composite one, and consecutive part numbers", async () => {
    await using emulator = await startEmulator(SMALL)
    const upload = await startUpload(emulator, 's3', { 'x-amz-checksum-algorithm': 'SHA256' })
    const [first, third] = [await upload.part(1, '0123456789'), await upload.part(3, 'abc')]
    assert.equal(codeOf(await upload.complete({ 1: etagOf(first) })), 'InvalidRequest')
    const inside = (answer: typeof first) =>
      `${etagOf(answer)}<ChecksumSHA256>${String(answer.headers['x-amz-checksum-sha256'])}</ChecksumSHA256>`
    assert.equal(codeOf(await upload.complete({ 1: inside(first), 3: inside(third) })), 'InvalidPartOrder')
    const other = inside(first).replace(/<ChecksumSHA256>./, '<ChecksumSHA256>-')
    assert.equal(codeOf(await upload.complete({ 1: other })), 'InvalidPart')
    assert.match(xmlOf(await upload.complete({ 1: inside(first) })).text('ChecksumSHA256')!, /=-1$/)
  })

  it('accepts SHA checksums for composite ones only', async () => {
    await using emulator = await startEmulator(SMALL)
    const headers = { 'x-amz-checksum-algorithm': 'SHA1', 'x-amz-checksum-type': 'FULL_OBJECT' }
    const { initiated } = await startUpload(emulator, 's3', headers)
    assert.equal(codeOf(initiated), 'InvalidRequest')
  })

  it('requires the customer key with each part and read, and hides the MD5', async () => {
    await using emulator = await startEmulator(SMALL)
    const keyHeaders = (byte: number) => {
      const key = Buffer.alloc(32, byte)
      const prefix = 'x-amz-server-side-encryption-customer'
      return {
        [`${prefix}-algorithm`]: 'AES256',
        [`${prefix}-key`]: key.toString('base64'),
        [`${prefix}-key-md5`]: createHash('md5').update(key).digest('base64'),
      }
    }
    const upload = await startUpload(emulator, 's3', keyHeaders(1))
    assert.equal(codeOf(await upload.part(1, 'abc')), 'InvalidRequest')
    assert.equal(codeOf(await upload.part(1, 'abc', keyHeaders(2))), 'InvalidRequest')
    const part = await upload.part(1, 'abc', keyHeaders(1))
    assert.notEqual(part.headers.etag, `"${md5('abc')}"`)
    assert.equal((await upload.complete({ 1: etagOf(part) })).status, 200)
    assert.equal(codeOf(await send(emulator, s3({}))), 'InvalidRequest')
    assert.equal(codeOf(await send(emulator, s3({ headers: keyHeaders(2) }))), 'AccessDenied')
    assert.equal((await send(emulator, s3({ headers: keyHeaders(1) }))).body.toString(), 'abc')
    assert.ok(!JSON.stringify(emulator.requests).includes(Buffer.alloc(32, 1).toString('base64')))
  })

  it('may get white space before the response, or a wrong checksum', async () => {
    await using emulator = await startEmulator(SMALL)
    const whole = async () => {
      const upload = await startUpload(emulator, 's3')
      return upload.complete({ 1: etagOf(await upload.part(1, 'abc')) })
    }
    const match = { operation: 'CompleteMultipartUpload' as const }
    emulator.faults.inject({ match, action: { type: 'padded', spaces: 7 } })
    assert.match((await whole()).body.toString(), /^ {7}<\?xml/)
    const right = xmlOf(await whole()).text('ChecksumCRC64NVME')
    emulator.faults.inject({ match, action: { type: 'wrong-checksum' } })
    assert.notEqual(xmlOf(await whole()).text('ChecksumCRC64NVME'), right)
  })
})

describe('lists of S3', () => {
  it('encode names in the lists of a bucket only, and cut pages that are too large', async () => {
    await using emulator = await startEmulator(SMALL)
    const key = 'a b+ü'
    await send(emulator, s3({ method: 'PUT', key }))
    const list = await send(emulator, {
      query: [
        ['encoding-type', 'url'],
        ['max-keys', '5000'],
      ],
      signature: 's3',
    })
    assert.equal(xmlOf(list).child('Contents')?.text('Key'), 'a+b%2B%C3%BC')
    assert.equal(xmlOf(list).text('MaxKeys'), '1000')
    assert.match(list.body.toString(), /xmlns="http:\/\/s3\.amazonaws\.com\/doc\/2006-03-01\/"/)
    const query: [string, string][] = [
      ['uploads', ''],
      ['encoding-type', 'url'],
    ]
    const initiated = await send(emulator, s3({ method: 'POST', key, query }))
    assert.equal(xmlOf(initiated).text('Key'), key)
    const uploads = await send(emulator, { query, signature: 's3' })
    assert.equal(xmlOf(uploads).child('Upload')?.text('StorageClass'), 'STANDARD')
    assert.ok(xmlOf(uploads).child('Upload')?.child('Initiator'))
  })
})
