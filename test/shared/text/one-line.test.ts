import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { oneLine } from '../../../src/shared/text/one-line.js'

describe('oneLine', () => {
  it('leaves no control, no line end and nothing that turns the text around', () => {
    assert.equal(oneLine(' a\r\n\tb\0\x1b[31mc\u2028d\u202ee\u200b ', 100), 'a b [31mc d e')
  })

  it('keeps what people write', () => {
    assert.equal(oneLine('naïve 中文 😀 "x"', 100), 'naïve 中文 😀 "x"')
  })

  it('shows that something was cut off, and cuts no character in half', () => {
    assert.equal(oneLine('abcdef', 6), 'abcdef')
    assert.equal(oneLine('abcdefg', 6), 'abcde…')
    assert.equal(oneLine('ab😀cdef', 4).isWellFormed(), true)
  })
})
