import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { percentEncode, percentEncodeKey } from '../../src/signing/percent-encoding.js'
import { anyText } from '../support/any-text.js'

describe('percentEncode', () => {
  it('leaves letters, digits and - . _ ~ alone', () => {
    const plain = 'ABCXYZabcxyz0189-._~'
    assert.equal(percentEncode(plain), plain)
  })

  for (const [text, encoded] of [
    [' ', '%20'],
    ['+', '%2B'],
    ['/', '%2F'],
    ["!'()*", '%21%27%28%29%2A'],
    ['%41', '%2541'],
    ['\0\n', '%00%0A'],
    ['é中😀', '%C3%A9%E4%B8%AD%F0%9F%98%80'],
  ] as const) {
    it(`writes ${JSON.stringify(text)} as ${encoded}`, () => {
      assert.equal(percentEncode(text), encoded)
    })
  }

  it('encodes every other byte, so that it can be decoded again', () => {
    fc.assert(
      fc.property(anyText(), (text) => {
        const encoded = percentEncode(text)
        assert.match(encoded, /^(?:[A-Za-z0-9._~-]|%[0-9A-F]{2})*$/)
        assert.equal(decodeURIComponent(encoded), text)
      }),
    )
  })
})

describe('percentEncodeKey', () => {
  it('keeps slashes, dots included', () => {
    assert.equal(percentEncodeKey('a b/../%2F//c+d'), 'a%20b/../%252F//c%2Bd')
  })
})
