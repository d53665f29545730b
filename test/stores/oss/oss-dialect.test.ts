import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ossDialect } from '../../../src/stores/oss/oss-dialect.js'
import { invalidOption } from '../../support/errors.js'

const CREDENTIALS = { accessKeyId: 'ak', accessKeySecret: 'sk' }
const REQUEST = { method: 'GET', bucket: 'bkt', key: 'k', query: [], headers: {} }

describe('the dialect of OSS', () => {
  it('signs with version 4 unless version 1 is set', () => {
    const options = { bucket: 'bkt', region: 'cn-hangzhou' }
    const date = new Date(0)
    const v4 = ossDialect(options).sign(REQUEST, CREDENTIALS, date)
    assert.match(v4['authorization'] ?? '', /^OSS4-HMAC-SHA256 Credential=ak\/19700101\/cn-hangzhou\/oss\//)
    const v1 = ossDialect({ ...options, signatureVersion: 1 }).sign(REQUEST, CREDENTIALS, date)
    assert.match(v1['authorization'] ?? '', /^OSS ak:/)
  })

  it('needs a region for version 4 alone', () => {
    const options = { bucket: 'bkt', endpoint: 'http://127.0.0.1:9000' }
    assert.throws(() => ossDialect(options), invalidOption('region is missing', 'version 4', 'OSS_REGION'))
    assert.equal(ossDialect({ ...options, signatureVersion: 1 }).origin, 'http://127.0.0.1:9000')
    assert.equal(ossDialect({ bucket: 'bkt', endpoint: 'oss-cn-hangzhou.aliyuncs.com' }).bucket, 'bkt')
  })

  it('has no other signatures', () => {
    for (const signatureVersion of [2, '4.0', null, true]) {
      const options = { bucket: 'bkt', region: 'r', signatureVersion: signatureVersion as 4 }
      if (signatureVersion === null) assert.ok(ossDialect(options))
      else assert.throws(() => ossDialect(options), invalidOption('signatureVersion', "'1', '4'"))
    }
  })
})
