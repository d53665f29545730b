import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PassThrough } from 'node:stream'
import { inspect } from 'node:util'
import { attachLeftover, attachResumable, messageOf, toError, UploadError } from '../../src/shared/errors.js'

describe('UploadError', () => {
  it('has the facts that are known, and no property for those that are not', () => {
    const cause = new Error('beneath')
    const error = new UploadError('NETWORK', 'it broke', { attempts: 3, status: undefined, retryable: true, cause })
    assert.equal(error.name, 'UploadError')
    assert.equal(error.code, 'NETWORK')
    assert.equal(error.attempts, 3)
    assert.equal(error.retryable, true)
    assert.equal(error.cause, cause)
    assert.deepEqual(Object.keys(error).sort(), ['attempts', 'code', 'name', 'retryable'])
  })

  it('is not retryable and has no cause unless it is said', () => {
    const error = new UploadError('REJECTED', 'no')
    assert.equal(error.retryable, false)
    assert.equal('cause' in error, false)
    assert.ok(error instanceof Error)
  })
})

describe('attachLeftover', () => {
  it('says on the error what was left behind', () => {
    const error = new Error('of the caller')
    const cleanupError = new Error('no')
    attachLeftover(error, { uploadId: 'u', cleanupError })
    assert.deepEqual(Object.entries(error), [
      ['uploadId', 'u'],
      ['cleanupError', cleanupError],
    ])
  })

  it('leaves alone an error that cannot take it', () => {
    class Stubborn extends Error {
      get uploadId(): string {
        return 'mine'
      }
    }
    const frozen = Object.freeze(new Error('frozen'))
    const fixed = Object.defineProperty(new Error('fixed'), 'uploadId', { value: 'mine' })
    for (const error of [frozen, fixed, new Stubborn('by getter')]) {
      attachLeftover(error, { uploadId: 'u', unknownUploads: 1 })
    }
    assert.equal('uploadId' in frozen, false)
    assert.deepEqual(Object.getOwnPropertyDescriptor(fixed, 'uploadId')?.value, 'mine')
  })
})

describe('attachResumable', () => {
  it('says so in the words of an UploadError that can take it', () => {
    const error = new UploadError('ABORTED', 'given up')
    attachResumable(error, 'u')
    assert.deepEqual([error.uploadId, error.resumable], ['u', true])
    assert.match(error.message, /^given up; the upload is kept/)
    const frozen = Object.freeze(new UploadError('ABORTED', 'given up'))
    attachResumable(frozen, 'u')
    assert.equal(frozen.message, 'given up')
  })
})

describe('toError', () => {
  it('keeps an error and makes one of anything else', () => {
    const error = new TypeError('x')
    assert.equal(toError(error), error)
    for (const value of ['text', 7, undefined, null, Symbol('s'), Object.create(null), { toString: null }]) {
      assert.ok(toError(value) instanceof Error)
    }
    assert.match(toError('text').message, /text/)
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    const failing = new Proxy(new Error('x'), { getPrototypeOf: () => assert.fail(), get: () => assert.fail() })
    const shownByThrowing = { [inspect.custom]: () => assert.fail() }
    for (const value of [proxy, failing, shownByThrowing])
      assert.match(toError(value).message, /not an Error was thrown/)
  })

  it('is replaced where its stack cannot be read, which keeps a stream from closing', () => {
    for (const name of ['message', 'stack', 'name']) {
      const error = Object.defineProperty(new Error('x'), name, { get: () => assert.fail() })
      const shown = toError(error)
      new PassThrough().on('error', () => undefined).destroy(shown)
      assert.ok(shown === error || shown.message.includes('cannot be read'))
    }
  })

  it('has a message for any thrown value', () => {
    assert.equal(messageOf(new Error('x')), 'x')
    assert.match(messageOf('text'), /text/)
    const error = Object.defineProperty(new Error('x'), 'message', { get: () => assert.fail() })
    assert.match(messageOf(error), /cannot be read/)
  })
})
