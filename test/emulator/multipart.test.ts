import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { Agent } from 'node:http'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { startEmulator, type Emulator } from '../../src/emulator/index.js'
import { complete, completeDocument, initiate, uploadPart, type CompletedPart } from '../support/multipart.js'
import { codeOf, send, xmlOf } from '../support/signed-request.js'

const PART = Buffer.alloc(100 * 1024, 'p')

async function uploadParts(emulator: Emulator, key: string, uploadId: string, bodies: (string | Uint8Array)[]) {
  const parts: CompletedPart[] = []
  for (const [index, body] of bodies.entries()) {
    const answer = await uploadPart(emulator, key, uploadId, index + 1, body)
    parts.push({ partNumber: index + 1, etag: String(answer.headers['etag']) })
  }
  return parts
}

function dataFiles({ directory }: Emulator): string[] {
  return readdirSync(join(directory, 'data'))
}

describe('a multipart upload', () => {
  it('makes one object of its parts, with the CRC-64 of the whole', async () => {
    await using emulator = await startEmulator()
    const headers = { 'content-type': 'text/x', 'x-oss-meta-a': 'b', 'x-oss-storage-class': 'IA' }
    const uploadId = await initiate(emulator, 'dir/a b+c', { headers })
    assert.match(uploadId, /^[0-9A-F]{32}$/)
    const parts = await uploadParts(emulator, 'dir/a b+c', uploadId, [PART, PART, 'tail'])
    const md5 = createHash('md5').update(PART).digest('hex').toUpperCase()
    assert.equal(parts[0]?.etag, `"${md5}"`)

    const done = await complete(emulator, 'dir/a b+c', uploadId, parts, { 'x-oss-object-acl': 'private' })
    const whole = Buffer.concat([PART, PART, Buffer.from('tail')])
    const put = await send(emulator, { method: 'PUT', key: 'same', body: whole })
    assert.equal(done.status, 200)
    assert.equal(done.headers['x-oss-hash-crc64ecma'], put.headers['x-oss-hash-crc64ecma'])
    const result = xmlOf(done)
    assert.equal(result.name, 'CompleteMultipartUploadResult')
    assert.equal(result.text('Key'), 'dir/a b+c')
    assert.equal(result.text('ETag'), done.headers['etag'])
    assert.match(String(done.headers['etag']), /^"[0-9A-F]{32}-3"$/)

    const get = await send(emulator, { key: 'dir/a b+c' })
    assert.ok(get.body.equals(whole))
    assert.equal(get.headers['x-oss-object-type'], 'Multipart')
    assert.equal(get.headers['content-md5'], undefined)
    assert.equal(get.headers['content-type'], 'text/x')
    assert.equal(get.headers['x-oss-meta-a'], 'b')
    assert.equal(get.headers['x-oss-storage-class'], 'IA')
    const range = await send(emulator, {
      key: 'dir/a b+c',
      headers: { range: `bytes=${PART.length - 2}-${PART.length + 1}` },
    })
    assert.equal(range.body.toString(), 'pppp')
    assert.equal(codeOf(await complete(emulator, 'dir/a b+c', uploadId, parts)), 'NoSuchUpload')
  })

  it('uses the last of several parts of one number, and only the listed parts', async () => {
    await using emulator = await startEmulator()
    const uploadId = await initiate(emulator, 'k')
    await uploadPart(emulator, 'k', uploadId, 1, 'first try')
    const last = await uploadPart(emulator, 'k', uploadId, 1, 'second try')
    await uploadPart(emulator, 'k', uploadId, 7, 'not listed')
    assert.equal(dataFiles(emulator).length, 2)
    await complete(emulator, 'k', uploadId, [{ partNumber: 1, etag: String(last.headers['etag']) }])
    assert.equal((await send(emulator, { key: 'k' })).body.toString(), 'second try')
    assert.equal(dataFiles(emulator).length, 1)
  })

  it('accepts ETags without quotes, in lower case, and with their quotes as references', async () => {
    await using emulator = await startEmulator()
    for (const rewrite of [
      (etag: string) => etag.replaceAll('"', ''),
      (etag: string) => etag.toLowerCase(),
      (etag: string) => etag.replaceAll('"', '&#34;'),
      (etag: string) => etag.replaceAll('"', '&quot;'),
    ]) {
      const uploadId = await initiate(emulator, 'k')
      const [part] = await uploadParts(emulator, 'k', uploadId, ['x'])
      const done = await complete(emulator, 'k', uploadId, [{ partNumber: 1, etag: rewrite(part!.etag) }])
      assert.equal(done.status, 200)
    }
  })

  it('completes with all its parts without a list, if requested', async () => {
    await using emulator = await startEmulator({ limits: { minPartSize: 1 } })
    const uploadId = await initiate(emulator, 'k')
    for (const number of [3, 1, 2]) await uploadPart(emulator, 'k', uploadId, number, String(number))
    const request = {
      method: 'POST',
      key: 'k',
      query: [['uploadId', uploadId] as const],
      headers: { 'x-oss-complete-all': 'yes' },
    }
    const refused = await send(emulator, { ...request, body: completeDocument([{ partNumber: 1, etag: 'x' }]) })
    assert.equal(refused.headers['x-oss-ec'], '0042-00000216')
    assert.equal((await send(emulator, request)).status, 200)
    assert.equal((await send(emulator, { key: 'k' })).body.toString(), '123')
  })

  it('is gone when it is aborted, with its parts', async () => {
    await using emulator = await startEmulator()
    const uploadId = await initiate(emulator, 'k')
    await uploadParts(emulator, 'k', uploadId, ['one', 'two'])
    const abort = () => send(emulator, { method: 'DELETE', key: 'k', query: [['uploadId', uploadId]] })
    assert.equal((await abort()).status, 204)
    assert.deepEqual(dataFiles(emulator), [])
    assert.equal(codeOf(await abort()), 'NoSuchUpload')
    assert.equal(codeOf(await uploadPart(emulator, 'k', uploadId, 1, 'late')), 'NoSuchUpload')
    assert.deepEqual(dataFiles(emulator), [])
  })

  it('belongs to its key', async () => {
    await using emulator = await startEmulator()
    const uploadId = await initiate(emulator, 'k')
    assert.equal(codeOf(await uploadPart(emulator, 'other', uploadId, 1, 'x')), 'NoSuchUpload')
  })

  it('does not replace an object when that is forbidden, neither at its beginning nor at its end', async () => {
    await using emulator = await startEmulator()
    const headers = { 'x-oss-forbid-overwrite': 'true' }
    const uploadId = await initiate(emulator, 'k', { headers })
    const parts = await uploadParts(emulator, 'k', uploadId, ['multipart'])
    await send(emulator, { method: 'PUT', key: 'k', body: 'put' })
    const done = await complete(emulator, 'k', uploadId, parts, headers)
    assert.equal(done.status, 409)
    assert.equal(codeOf(done), 'FileAlreadyExists')
    const again = await send(emulator, { method: 'POST', key: 'k', query: [['uploads', '']], headers })
    assert.equal(codeOf(again), 'FileAlreadyExists')
    assert.equal((await send(emulator, { key: 'k' })).body.toString(), 'put')
    assert.equal((await complete(emulator, 'k', uploadId, parts)).status, 200)
  })

  it('becomes one object when two requests complete it at once', async () => {
    await using emulator = await startEmulator()
    const uploadId = await initiate(emulator, 'k')
    const parts = await uploadParts(emulator, 'k', uploadId, ['x'])
    const answers = await Promise.all([1, 2, 3].map(() => complete(emulator, 'k', uploadId, parts)))
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 404, 404])
    assert.equal((await send(emulator, { key: 'k' })).body.toString(), 'x')
  })

  it('completes with a thousand parts', async () => {
    await using emulator = await startEmulator({ limits: { minPartSize: 1 } })
    const agent = new Agent({ keepAlive: true, maxSockets: 8 })
    const uploadId = await initiate(emulator, 'k')
    const numbers = Array.from({ length: 1000 }, (_, index) => index + 1)
    const parts = await Promise.all(
      numbers.map(async (partNumber) => {
        const query = [['partNumber', String(partNumber)] as const, ['uploadId', uploadId] as const]
        const { headers } = await send(emulator, { method: 'PUT', key: 'k', query, body: `${partNumber},`, agent })
        return { partNumber, etag: String(headers['etag']) }
      }),
    )
    agent.destroy()
    const done = await complete(emulator, 'k', uploadId, parts)
    assert.equal(done.status, 200)
    const { body } = await send(emulator, { key: 'k' })
    assert.equal(body.toString(), numbers.map((number) => `${number},`).join(''))
    const put = await send(emulator, { method: 'PUT', key: 'same', body })
    assert.equal(done.headers['x-oss-hash-crc64ecma'], put.headers['x-oss-hash-crc64ecma'])
  })
})

describe('a part that OSS would refuse', () => {
  for (const number of ['0', '10001', 'x', '-1', '1.5']) {
    it(`because its number is ${number}`, async () => {
      await using emulator = await startEmulator()
      const uploadId = await initiate(emulator, 'k')
      const query: [string, string][] = [
        ['partNumber', number],
        ['uploadId', uploadId],
      ]
      const answer = await send(emulator, { method: 'PUT', key: 'k', query, body: 'x' })
      assert.equal(answer.status, 400)
      assert.equal(codeOf(answer), 'InvalidArgument')
    })
  }

  it('because it carries what belongs to the initiation', async () => {
    await using emulator = await startEmulator()
    const uploadId = await initiate(emulator, 'k')
    for (const [name, value] of [
      ['x-oss-storage-class', 'IA'],
      ['x-oss-server-side-encryption', 'AES256'],
    ] as const) {
      assert.equal(codeOf(await uploadPart(emulator, 'k', uploadId, 1, 'x', { [name]: value })), 'InvalidArgument')
    }
  })

  it('because its digest is that of other bytes, leaves nothing on disk', async () => {
    await using emulator = await startEmulator()
    const uploadId = await initiate(emulator, 'k')
    const headers = { 'content-md5': '1B2M2Y8AsgTpgAmY7PhCfg==' }
    assert.equal(codeOf(await uploadPart(emulator, 'k', uploadId, 1, 'x', headers)), 'InvalidDigest')
    assert.deepEqual(dataFiles(emulator), [])
  })
})

describe('a Complete that OSS would refuse', () => {
  const etag = `"${createHash('md5').update('x').digest('hex').toUpperCase()}"`
  const cases: [what: string, document: string, code: string][] = [
    ['an empty body', '', 'MalformedXML'],
    ['a cut body', '<CompleteMultipartUpload><Part>', 'MalformedXML'],
    ['a body of another kind', '<Delete/>', 'MalformedXML'],
    ['a list without parts', '<CompleteMultipartUpload></CompleteMultipartUpload>', 'MalformedXML'],
    ['a part number that is no number', completeDocument([{ partNumber: Number.NaN, etag }]), 'MalformedXML'],
    ['parts that descend', completeDocument([2, 1].map((partNumber) => ({ partNumber, etag }))), 'InvalidPartOrder'],
    ['a part twice', completeDocument([1, 1].map((partNumber) => ({ partNumber, etag }))), 'InvalidPartOrder'],
    ['a part that never came', completeDocument([{ partNumber: 3, etag }]), 'InvalidPart'],
    ['an ETag of other bytes', completeDocument([{ partNumber: 1, etag: '"00"' }]), 'InvalidPart'],
    ['a part number above the maximum', completeDocument([{ partNumber: 10_001, etag }]), 'InvalidArgument'],
    [
      'small parts before the last',
      completeDocument([1, 2].map((partNumber) => ({ partNumber, etag }))),
      'EntityTooSmall',
    ],
  ]
  for (const [what, body, code] of cases) {
    it(`because of ${what}, leaves the upload as it was`, async () => {
      await using emulator = await startEmulator()
      const uploadId = await initiate(emulator, 'k')
      const parts = await uploadParts(emulator, 'k', uploadId, ['x', 'x'])
      const refused = await send(emulator, { method: 'POST', key: 'k', query: [['uploadId', uploadId]], body })
      assert.equal(refused.status, 400)
      assert.equal(codeOf(refused), code)
      if (code === 'EntityTooSmall') {
        assert.equal(refused.headers['x-oss-ec'], '0042-00000213')
        assert.equal(xmlOf(refused).text('MinSizeAllowed'), '102400')
      }
      assert.equal((await send(emulator, { method: 'HEAD', key: 'k' })).status, 404)
      assert.equal((await complete(emulator, 'k', uploadId, parts.slice(1))).status, 200)
    })
  }
})
