import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkKey } from '../../../src/stores/object/object-key.js'
import { invalidOption } from '../../support/errors.js'

describe('a key', () => {
  for (const key of [
    'a',
    'a/b/c',
    'a//b/',
    '..',
    '../a/./b',
    'a b+c%2F?&=#',
    'äöü/中文/😀',
    'a\0b\n\x7f',
    'a\\b',
    ' ',
    '__proto__',
    'k'.repeat(1023),
    'é'.repeat(511) + 'k',
  ]) {
    it(`may be ${JSON.stringify(key.length > 40 ? `${key.slice(0, 3)}…` : key)} of ${Buffer.byteLength(key)} bytes`, () => {
      assert.equal(checkKey(key, { maxKeyBytes: 1023 }), key)
    })
  }

  for (const key of ['', '/', '/a', '\\a', '\ud800', 'a\udc00b', 'k'.repeat(1024), 'é'.repeat(512), '😀'.repeat(256)]) {
    it(`may not be ${JSON.stringify(key.length > 40 ? `${key.slice(0, 3)}…` : key)} of ${Buffer.byteLength(key)} bytes`, () => {
      assert.throws(() => checkKey(key, { maxKeyBytes: 1023 }), invalidOption('key', '1 to 1023 bytes', '/'))
    })
  }

  for (const key of [undefined, null, 7, {}, [], ['a']]) {
    it(`may not be ${JSON.stringify(key)}`, () => {
      assert.throws(() => checkKey(key, { maxKeyBytes: 1023 }), invalidOption('key must'))
    })
  }

  it('may start with a slash if the service allows it', () => {
    for (const key of ['/', '/a', '\\a']) {
      assert.equal(checkKey(key, { maxKeyBytes: 10, allowsLeadingSlash: true }), key)
    }
    assert.throws(
      () => checkKey('', { maxKeyBytes: 10, allowsLeadingSlash: true }),
      invalidOption('1 to 10 bytes of UTF-8'),
    )
  })
})
