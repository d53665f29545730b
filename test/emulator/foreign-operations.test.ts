/** Requests that mean something else than they seem to, and operations that clients written elsewhere need. */
import assert from 'node:assert/strict'
import http from 'node:http'
import { after, before, describe, it } from 'node:test'
import { startEmulator, type Emulator } from '../../src/emulator/index.js'
import type { QueryParameter } from '../../src/signing/signable-request.js'
import { createHash } from 'node:crypto'
import { signSigV4 } from '../../src/signing/sigv4.js'
import { ossV4CanonicalRequest, ossV4Signature, ossV4StringToSign } from '../../src/signing/oss-v4.js'
import { codeOf, send, xmlOf, type RawAnswer, type RawRequest } from '../support/signed-request.js'

type Signature = NonNullable<RawRequest['signature']>

let emulator: Emulator
before(async () => {
  emulator = await startEmulator()
})
after(() => emulator.close())

const SIGNATURES: Readonly<Record<string, Signature>> = { OSS: 'v4', OBS: 'obs', S3: 's3' }

async function put(key: string, body: string, more: RawRequest = {}): Promise<RawAnswer> {
  return send(emulator, { method: 'PUT', key, body, ...more })
}

async function contentOf(key: string, signature: Signature = 'v4'): Promise<string> {
  return (await send(emulator, { key, signature })).body.toString()
}

describe('a request for an operation that the emulator does not have', () => {
  const cases: readonly (readonly [method: string, query: QueryParameter[], headers?: Record<string, string>])[] = [
    ['PUT', [['retention', '']]],
    ['PUT', [['legal-hold', '']]],
    ['PUT', [['renameObject', '']]],
    ['PUT', [], { 'x-amz-grant-read': 'uri="http://acs.amazonaws.com/groups/global/AllUsers"' }],
    ['PUT', [['tagging', '']]],
    ['PUT', [['an-operation-of-tomorrow', '']]],
    ['PUT', [], { 'x-amz-object-lock-mode': 'GOVERNANCE' }],
    ['PUT', [], { 'x-amz-write-offset-bytes': '3' }],
    ['PUT', [], { 'if-unmodified-since': 'Thu, 01 Jan 2026 00:00:00 GMT' }],
    ['DELETE', [['versionId', 'v1']]],
    ['DELETE', [['tagging', '']]],
    ['DELETE', [], { 'x-amz-if-match-size': '3' }],
    ['GET', [['versionId', 'v1']]],
    ['GET', [['attributes', '']]],
    ['GET', [['torrent', '']]],
    ['HEAD', [['versionId', 'v1']]],
  ]
  for (const [service, signature] of Object.entries(SIGNATURES)) {
    it(`is refused by its name and changes nothing (${service})`, async () => {
      await put('kept', 'as it was', { signature })
      for (const [method, query, headers = {}] of cases) {
        const answer = await send(emulator, { method, key: 'kept', query, headers, signature, body: 'other' })
        const what = query[0]?.[0] ?? Object.keys(headers)[0] ?? ''
        assert.equal(answer.status, 501, `${method} ${what}`)
        if (method !== 'HEAD') assert.match(answer.body.toString(), new RegExp(`<(?:Parameter|Header)>${what}<`))
      }
      for (const name of ['publicAccessBlock', 'versioning', 'lifecycle', 'an-operation-of-tomorrow']) {
        for (const method of ['PUT', 'GET', 'DELETE']) {
          const answer = await send(emulator, { method, query: [[name, '']], signature })
          assert.equal(answer.status, 501, `${method} bucket ${name}`)
        }
      }
      assert.equal(await contentOf('kept', signature), 'as it was')
      const withNull = await send(emulator, { key: 'kept', query: [['versionId', 'null']], signature })
      assert.equal(withNull.status, 200)
    })
  }

  it('is refused unsigned first where it only looks like the question of OBS', async () => {
    await put('secret', 'x', { signature: 'obs' })
    const query: QueryParameter[] = [['apiversion', '']]
    const answer = await send(emulator, { method: 'HEAD', key: 'secret', query, signature: 'none' })
    assert.equal(answer.status, 403)
  })
})

describe('a condition on a write', () => {
  it('holds with S3, and is refused by its name with others', async () => {
    const { headers } = await put('c', 'one', { signature: 's3' })
    const other = { 'if-match': '"00000000000000000000000000000000"' }
    for (const method of ['PUT', 'DELETE']) {
      const answer = await send(emulator, { method, key: 'c', headers: other, signature: 's3', body: 'two' })
      assert.equal(answer.status, 412)
    }
    assert.equal((await put('absent', 'x', { headers: other, signature: 's3' })).status, 404)
    for (const signature of ['v4', 'obs'] as const) {
      assert.equal((await put('c', 'two', { headers: other, signature })).status, 501)
      assert.equal((await put('c', 'two', { headers: { 'if-none-match': '*' }, signature })).status, 501)
    }
    assert.equal(await contentOf('c', 's3'), 'one')
    assert.equal((await put('c', 'two', { headers: { 'if-match': headers.etag ?? '' }, signature: 's3' })).status, 200)
    assert.equal(await contentOf('c', 's3'), 'two')
  })
})

describe('a response without content', () => {
  it('brings no checksum of a content that does not come', async () => {
    const { headers } = await put('n', 'x', { signature: 's3' })
    const asked = { 'if-none-match': headers.etag ?? '', 'x-amz-checksum-mode': 'ENABLED' }
    const answer = await send(emulator, { key: 'n', headers: asked, signature: 's3' })
    assert.equal(answer.status, 304)
    assert.equal(answer.headers.etag, headers.etag)
    const names = Object.keys(answer.headers)
    assert.deepEqual(
      names.filter((name) => /checksum|content-/.test(name)),
      [],
    )
  })
})

describe('operations that clients need', () => {
  for (const [service, signature] of Object.entries(SIGNATURES)) {
    const prefix = { v4: 'x-oss-', obs: 'x-obs-', s3: 'x-amz-' }[signature as 'v4' | 'obs' | 's3']

    it(`copies an object, with its metadata or another (${service})`, async () => {
      await put('a/from ü', 'content', { headers: { [`${prefix}meta-a`]: '1' }, signature })
      const source = { [`${prefix}copy-source`]: `/bucket/${encodeURIComponent('a/from ü')}` }
      const copied = await put('to', '', { headers: source, signature })
      assert.equal(copied.status, 200)
      assert.equal(xmlOf(copied).name, 'CopyObjectResult')
      const kept = await send(emulator, { key: 'to', signature })
      assert.deepEqual([kept.body.toString(), kept.headers[`${prefix}meta-a`]], ['content', '1'])
      assert.equal(xmlOf(copied).text('ETag'), kept.headers.etag)
      const replaced = { ...source, [`${prefix}metadata-directive`]: 'REPLACE', [`${prefix}meta-b`]: '2' }
      assert.equal((await put('a/from ü', '', { headers: replaced, signature })).status, 200)
      const { headers, body } = await send(emulator, { key: 'a/from ü', signature })
      assert.deepEqual(
        [body.toString(), headers[`${prefix}meta-a`], headers[`${prefix}meta-b`]],
        ['content', undefined, '2'],
      )
      const absent = { [`${prefix}copy-source`]: '/bucket/absent' }
      assert.equal(codeOf(await put('x', '', { headers: absent, signature })), 'NoSuchKey')
    })

    it(`deletes many objects at once (${service})`, async () => {
      for (const key of ['d/1', 'd/2 &', 'd/3']) await put(key, key, { signature })
      const remove = (keys: readonly string[], quiet: string): Promise<RawAnswer> => {
        const objects = keys.map((key) => `<Object><Key>${key}</Key></Object>`).join('')
        const body = `<Delete>${quiet}${objects}</Delete>`
        return send(emulator, { method: 'POST', query: [['delete', '']], body, signature })
      }
      const answer = await remove(['d/1', 'd/2 &amp;', 'absent'], '')
      const deleted = xmlOf(answer).children('Deleted')
      assert.deepEqual(
        deleted.map((element) => element.text('Key')),
        ['d/1', 'd/2 &', 'absent'],
      )
      assert.equal((await remove(['d/3'], '<Quiet>true</Quiet>')).status, 200)
      const { headers } = await send(emulator, { method: 'HEAD', key: 'd/3', signature })
      assert.equal(headers['content-length'] ?? '0', '0')
      assert.equal(codeOf(await remove([], '')), 'MalformedXML')
    })

    it(`lists buckets, and says that a page of nothing is all there is (${service})`, async () => {
      await put('listed', 'x', { signature })
      await send(emulator, { method: 'PUT', bucket: 'another', signature })
      const none = await send(emulator, { query: [['max-keys', '0']], signature })
      if (signature === 'v4') assert.equal(codeOf(none), 'InvalidArgument')
      else {
        assert.equal(xmlOf(none).text('IsTruncated'), 'false')
        assert.deepEqual(xmlOf(none).children('Contents'), [])
      }
    })

    it(`encodes names in lists as the service does (${service})`, async () => {
      await put('e/a b+(1)%.png', 'x', { signature })
      const query: QueryParameter[] = [
        ['encoding-type', 'url'],
        ['prefix', 'e/'],
      ]
      const list = xmlOf(await send(emulator, { query, signature }))
      const keys = list.children('Contents').map((element) => element.text('Key'))
      assert.deepEqual(keys, [signature === 's3' ? 'e/a+b%2B%281%29%25.png' : 'e%2Fa+b%2B(1)%25.png'])
      assert.equal(list.text('Prefix'), signature === 's3' ? 'e/' : 'e%2F')
    })
  }

  it('lists the buckets that there are', async () => {
    await put('listed', 'x', { signature: 's3' })
    const { host } = new URL(emulator.endpoint)
    const context = { region: emulator.region, date: new Date(), payloadHash: createHash('sha256').digest('hex') }
    const headers = signSigV4({ method: 'GET', path: '/', query: [], headers: { host } }, emulator.credentials, context)
    const answer = await fetch(emulator.endpoint, { headers })
    const text = await answer.text()
    assert.equal(answer.status, 200, text)
    assert.match(text, /<Buckets><Bucket><Name>another<.*<Name>bucket</s)
  })

  it('returns grants in the form of each service', async () => {
    const acl = async (signature: Signature): Promise<string> => {
      const prefix = { v4: 'x-oss-object-', obs: 'x-obs-', s3: 'x-amz-' }[signature as 'v4' | 'obs' | 's3']
      await put('acl', 'x', { headers: { [`${prefix}acl`]: 'public-read' }, signature })
      return (await send(emulator, { key: 'acl', query: [['acl', '']], signature })).body.toString()
    }
    assert.match(await acl('v4'), /<Grant>public-read<\/Grant>/)
    assert.match(
      await acl('s3'),
      /<Grantee xmlns:xsi="[^"]+" xsi:type="CanonicalUser"><ID>.*AllUsers.*<Permission>READ</s,
    )
    assert.match(await acl('obs'), /<Canned>Everyone<\/Canned><\/Grantee><Permission>READ</)
  })

  it('changes the ACL of an object by its name, or by a document that says the same', async () => {
    const acl = { query: [['acl', '']] as QueryParameter[] }
    for (const [service, signature] of Object.entries(SIGNATURES)) {
      const header = { v4: 'x-oss-object-acl', obs: 'x-obs-acl', s3: 'x-amz-acl' }[signature as 'v4' | 'obs' | 's3']
      const document = async (): Promise<string> =>
        (await send(emulator, { key: 'acl2', ...acl, signature })).body.toString()
      const { headers } = await put('acl2', 'content', { signature })
      const before = await document()
      assert.equal((await put('acl2', '', { ...acl, headers: { [header]: 'public-read' }, signature })).status, 200)
      assert.notEqual(await document(), before, service)
      assert.notEqual((await put('acl2', '', { ...acl, headers: { [header]: 'no-such' }, signature })).status, 200)
      const kept = await send(emulator, { key: 'acl2', signature })
      assert.deepEqual([kept.body.toString(), kept.headers.etag], ['content', headers.etag])
      if (signature === 'v4') continue
      const shared = await document()
      assert.equal((await put('acl2', before, { ...acl, signature })).status, 200)
      assert.equal(await document(), before)
      assert.equal((await put('acl2', shared, { ...acl, signature })).status, 200)
      assert.equal(await document(), shared)
      const foreign = before.replace('FULL_CONTROL', 'READ_ACP')
      assert.equal(codeOf(await put('acl2', foreign, { ...acl, signature })), 'NotImplemented')
      assert.equal(codeOf(await put('acl2', 'no document', { ...acl, signature })), 'MalformedXML')
      assert.equal(await document(), shared)
      assert.equal(codeOf(await put('absent', before, { ...acl, signature })), 'NoSuchKey')
    }
  })

  it('returns the quota of a bucket for OBS only', async () => {
    const query: QueryParameter[] = [['quota', '']]
    assert.match((await send(emulator, { query, signature: 'obs' })).body.toString(), /<StorageQuota>0</)
    assert.equal((await send(emulator, { query, signature: 's3' })).status, 501)
  })

  it('refuses a key of the service together with one of the caller', async () => {
    const headers = {
      'x-amz-server-side-encryption': 'AES256',
      'x-amz-server-side-encryption-customer-algorithm': 'AES256',
      'x-amz-server-side-encryption-customer-key': Buffer.alloc(32, 1).toString('base64'),
      'x-amz-server-side-encryption-customer-key-md5': createHash('md5').update(Buffer.alloc(32, 1)).digest('base64'),
    }
    const answer = await put('e', 'x', { headers, signature: 's3' })
    assert.equal(codeOf(answer), 'InvalidArgument')
    assert.match(answer.body.toString(), /is incompatible with the encryption method/)
  })
})

describe('metadata outside ASCII', () => {
  const text = 'ÄMÄZÕÑ S3'

  async function metadataOf(key: string): Promise<string | undefined> {
    const { headers } = await send(emulator, { method: 'HEAD', key, signature: 's3' })
    return headers['x-amz-meta-a'] as string | undefined
  }

  it('is refused by S3 where its UTF-8 was signed, which S3 reads as Latin-1', async () => {
    const answer = await put('utf8', 'x', { headers: { 'x-amz-meta-a': text }, signature: 's3' })
    assert.equal(codeOf(answer), 'SignatureDoesNotMatch')
  })

  it('is returned by S3 as an encoded word of what the bytes are in Latin-1', async () => {
    // As the example of the service's own documentation.
    const latin1 = Buffer.from(text).toString('latin1')
    const { host } = new URL(emulator.endpoint)
    const payloadHash = createHash('sha256').update('x').digest('hex')
    const signable = { method: 'PUT', path: '/bucket/latin1', query: [], headers: { host, 'x-amz-meta-a': latin1 } }
    const context = { region: emulator.region, date: new Date(), payloadHash }
    const headers = signSigV4(signable, emulator.credentials, context)
    const answer = await new Promise<http.IncomingMessage>((resolve, reject) => {
      const all = { ...signable.headers, ...headers }
      http
        .request(`${emulator.endpoint}/bucket/latin1`, { method: 'PUT', headers: all }, resolve)
        .on('error', reject)
        .end(Buffer.from('x'))
    })
    answer.resume()
    assert.equal(answer.statusCode, 200)
    assert.equal(await metadataOf('latin1'), '=?UTF-8?B?w4PChE3Dg8KEWsODwpXDg8KRIFMz?=')
  })

  it('may be sent to S3 in encoded words, which are decoded before they are stored', async () => {
    for (const [sent, returned] of [
      ['=?UTF-8?Q?caf=C3=A9_au_lait?=', `=?UTF-8?B?${Buffer.from('café au lait').toString('base64')}?=`],
      ['=?utf-8?b?Y2Fm?= =?ISO-8859-1?Q?=E9?=', '=?UTF-8?B?Y2Fmw6k=?='],
      ['=?UTF-8?B?YWJj?=', 'abc'],
      ['=?no-such-charset?B?YWJj?=', '=?no-such-charset?B?YWJj?='],
      ['plain =? text', 'plain =? text'],
    ] as const) {
      assert.equal((await put('word', 'x', { headers: { 'x-amz-meta-a': sent }, signature: 's3' })).status, 200)
      assert.equal(await metadataOf('word'), returned)
    }
  })

  it('stays what it was with OSS and OBS, which decode nothing', async () => {
    for (const [prefix, signature] of [
      ['x-oss-', 'v4'],
      ['x-obs-', 'obs'],
    ] as const) {
      for (const value of [text, '%E4%B8%AD', '=?UTF-8?B?YWJj?=']) {
        assert.equal((await put('m', 'x', { headers: { [`${prefix}meta-a`]: value }, signature })).status, 200)
        const { headers } = await send(emulator, { method: 'HEAD', key: 'm', signature })
        assert.equal(Buffer.from(headers[`${prefix}meta-a`] as string, 'latin1').toString(), value)
      }
    }
  })
})

describe('a signature of OSS V4 over the Date header', () => {
  it('is accepted, as the first Go SDK signs', async () => {
    const date = new Date().toUTCString()
    const day = new Date().toISOString().slice(0, 10).replaceAll('-', '')
    const scope = `${day}/${emulator.region}/oss/aliyun_v4_request`
    const signed = { 'x-oss-content-sha256': 'UNSIGNED-PAYLOAD', 'content-length': '1' }
    const signable = { method: 'PUT', bucket: 'bucket', key: 'go', query: [], headers: signed }
    const canonical = ossV4CanonicalRequest(signable, [])
    assert.ok(ossV4StringToSign(canonical, date, scope).includes(date))
    const { credentials } = emulator
    const signature = ossV4Signature(canonical, date, scope, credentials)
    const authorization = `OSS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope},Signature=${signature}`
    const answer = await put('go', 'x', { headers: { ...signed, date, authorization }, signature: 'none' })
    assert.equal(answer.status, 200, answer.body.toString())
  })
})
