import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { plainEtag } from '../../../src/stores/object/etag.js'
import { bodyOf, scriptedService } from '../../support/scripted-service.js'
import { someBytes } from '../../support/bytes.js'
import { s3Dialect } from '../../../src/stores/s3/s3-dialect.js'

describe('an ETag', () => {
  it('has one form for all forms of services', () => {
    for (const text of ['"abc-2"', 'abc-2', '""abc-2""', 'W/"abc-2"']) assert.equal(plainEtag(text), '"abc-2"')
    assert.equal(plainEtag(''), '')
  })

  it('of a part is the one that Complete names, and is the same in a result and in a head', async (t) => {
    const service = await scriptedService(t, { dialect: (endpoint) => s3Dialect({ bucket: 'bucket', endpoint }) })
    const body = bodyOf(someBytes(1000))
    const md5 = await body.checksum('md5')
    service.script({ headers: { etag: `W/"${md5}"` } })
    const part = { key: 'k', uploadId: 'U', partNumber: 1 }
    const { etag } = await service.api.uploadPart({ ...part, body }, {}, {})
    assert.equal(etag, `"${md5}"`)
    service.script(
      { body: '<CompleteMultipartUploadResult><ETag>abc-1</ETag></CompleteMultipartUploadResult>' },
      { headers: { etag: '"abc-1"', 'content-length': '1000' } },
      ...['abc-1', 'W/"abc-1"', '""abc-1""'].map((etag) => ({ headers: { etag, 'content-length': '1000' } })),
    )
    const stored = await service.api.completeMultipartUpload(part, [{ partNumber: 1, etag }], {}, {})
    for (let form = 0; form < 4; form += 1) assert.equal(stored.etag, (await service.api.headObject('k', {})).etag)
    assert.match(service.requests[1]!.body.toString(), new RegExp(`<ETag>&quot;${md5}&quot;</ETag>`))
  })
})

describe('a request', () => {
  it('requests bytes without a content encoding', async (t) => {
    const service = await scriptedService(t)
    service.script({ headers: { 'content-length': '0', 'x-oss-request-id': 'R' } })
    await service.api.headObject('k', {})
    assert.equal(service.requests[0]!.headers['accept-encoding'], 'identity')
  })
})
