import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ObjectOptions } from '../../../src/stores/object/object-options.js'
import { fingerprintOf } from '../../../src/upload/checkpoint/fingerprint.js'

const SALT = '00'
const KEY = Buffer.alloc(32, 7)

async function hashOf(options: ObjectOptions): Promise<string> {
  return (await fingerprintOf(options, SALT)).hash
}

describe('the fingerprint of object options', () => {
  it('is the same for the same options in any order and form', async () => {
    const pairs: [ObjectOptions, ObjectOptions][] = [
      [
        { acl: 'private', contentType: 'a/b' },
        { contentType: 'a/b', acl: 'private' },
      ],
      [{ metadata: { a: '1', b: '2' } }, { metadata: { b: '2', a: '1' } }],
      [{ acl: undefined }, {}],
      [{ serverSideEncryption: 'AES256' }, { serverSideEncryption: { algorithm: 'AES256' } }],
      [
        { serverSideEncryption: { customerKey: KEY } },
        { serverSideEncryption: { customerKey: KEY.toString('base64'), algorithm: undefined } },
      ],
    ]
    for (const [one, other] of pairs) assert.equal(await hashOf(one), await hashOf(other))
  })

  it('differs for every option that is fixed when the upload is initiated', async () => {
    const options: ObjectOptions[] = [
      {},
      { contentType: 'a/b' },
      { metadata: { a: '1' } },
      { metadata: { a: '2' } },
      { headers: { a: '1' } },
      { acl: 'private' },
      { storageClass: 'IA' },
      { tagging: { a: '1' } },
      { serverSideEncryption: 'AES256' },
      { serverSideEncryption: { algorithm: 'KMS', keyId: 'k' } },
      { serverSideEncryption: { customerKey: KEY } },
      { serverSideEncryption: { customerKey: Buffer.alloc(32, 8) } },
      { expireAfterDays: 1 },
    ]
    assert.equal(new Set(await Promise.all(options.map(hashOf))).size, options.length)
  })

  it('does not depend on what goes along with single requests', async () => {
    const callback = { url: 'http://a/', body: 'b' }
    const options = { trafficLimit: 819_200, contentMd5: true, forbidOverwrite: true, callback }
    assert.equal(await hashOf(options), await hashOf({}))
  })

  it('is salted, so that two records of the same options have nothing in common', async () => {
    const [one, other] = [await fingerprintOf({ acl: 'private' }), await fingerprintOf({ acl: 'private' })]
    assert.notEqual(one.salt, other.salt)
    assert.notEqual(one.hash, other.hash)
  })
})
