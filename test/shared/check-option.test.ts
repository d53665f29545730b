import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  acceptSignal,
  checkBoolean,
  checkFunction,
  checkInteger,
  checkNames,
  checkObject,
  checkOneOf,
  checkString,
} from '../../src/shared/check-option.js'
import { hideUserInfo, invalidOption as failure } from '../../src/shared/check-option.js'
import { invalidOption } from '../support/errors.js'

describe('the check of', () => {
  it('an integer must be in its range, both ends included', () => {
    assert.equal(checkInteger('n', 1, 1, 3), 1)
    assert.equal(checkInteger('n', 3, 1, 3), 3)
    for (const value of [0, 4, 1.5, NaN, Infinity, -1, 2 ** 53, '2', 2n, null, undefined, [2], { valueOf: () => 2 }]) {
      assert.throws(() => checkInteger('n', value, 1, 3, 'bytes'), invalidOption('n must', '1 to 3 bytes'))
    }
  })

  it('a boolean must be true or false', () => {
    assert.equal(checkBoolean('b', false), false)
    for (const value of [0, 1, 'true', null, undefined]) {
      assert.throws(() => checkBoolean('b', value), invalidOption('b must', 'true or false'))
    }
  })

  it('a text must not be empty', () => {
    assert.equal(checkString('s', ' '), ' ')
    for (const value of ['', 7, null, new String('x')]) {
      assert.throws(() => checkString('s', value), invalidOption('s must', 'string'))
    }
  })

  it('a choice lists all accepted values', () => {
    assert.equal(checkOneOf('c', 'a', ['a', 'b']), 'a')
    assert.throws(() => checkOneOf('c', 'A', ['a', 'b']), invalidOption('c ', "(got 'A')", "'a', 'b'"))
    assert.throws(() => checkOneOf('c', undefined, ['a', 'b']), invalidOption('c ', '(got undefined)'))
  })

  it('a function, a signal and an object take nothing that resembles them', () => {
    const { signal } = new AbortController()
    assert.equal(acceptSignal('signal', signal), signal)
    assert.throws(() => acceptSignal('signal', { aborted: false }), invalidOption('signal must', 'AbortSignal'))
    assert.throws(() => checkFunction('f', {}), invalidOption('f ', '(got {})', 'function'))
    for (const value of [null, [], 'text', 7, undefined]) {
      assert.throws(() => checkObject('o', value), invalidOption('o must', 'object'))
    }
  })

  it('names finds one that is misspelt, inherited names and reserved ones too', () => {
    checkNames('an upload', {}, ['a'])
    checkNames('an upload', { b: 1, a: 1 }, ['a', 'b'])
    assert.throws(
      () => checkNames('an upload', { partsize: 1 }, ['partSize', 'b']),
      invalidOption('partsize', 'b, partSize'),
    )
    const parsed = JSON.parse('{"__proto__": {"partSize": 1}}') as object
    assert.throws(() => checkNames('an upload', parsed, ['partSize']), invalidOption('__proto__'))
    assert.throws(() => checkNames('an upload', { constructor: 1 }, ['partSize']), invalidOption('constructor'))
  })

  it('anything shows little of a value that is long', () => {
    for (const value of [
      'x'.repeat(5000),
      Array.from({ length: 5000 }),
      { ['k'.repeat(5000)]: 1 },
      new Uint8Array(5000),
    ]) {
      assert.throws(
        () => checkBoolean('b', value),
        (error: Error) => error.message.length < 250,
      )
    }
  })
})

describe('the message about a value', () => {
  it('shows no user name or password in front of an @', () => {
    for (const [value, shown] of [
      ['LTAIkey:secret@bucket', '***@bucket'],
      ['https://user:secret@example.com/a;b', 'https://***@example.com/a;b'],
      ['https://secret@example.com', 'https://***@example.com'],
      ['http://user:se/cr@et@host:port', 'http://***@host:port'],
      ['somebody@example.com', 'somebody@example.com'],
      ['a:b', 'a:b'],
    ] as const) {
      assert.equal(hideUserInfo(value), shown)
      assert.match(failure('o', value, 'x').message, new RegExp(`^o x \\(got '${shown.replace(/[*.]/g, '\\$&')}'\\)$`))
    }
    const long = `https://user:${'secret'.repeat(50)}@host`
    assert.equal(failure('o', [long], 'x').message.includes('secret'), false)
    assert.equal(failure('o', long, 'x').message.includes('secret'), false)
  })
})
