import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HttpFailure, toHttpFailure } from '../../src/http/http-failure.js'

function errorWith(code: string, message = 'it broke'): Error {
  return Object.assign(new Error(message), { code })
}

describe('toHttpFailure', () => {
  const cases: readonly [code: string, kind: HttpFailure['kind'], mayHaveArrived: boolean][] = [
    ['ECONNREFUSED', 'network', false],
    ['EHOSTUNREACH', 'network', false],
    ['ENETUNREACH', 'network', false],
    ['ENOTFOUND', 'network', false],
    ['EAI_AGAIN', 'network', false],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'network', false],
    ['ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC', 'network', true],
    ['ECONNRESET', 'network', true],
    ['EPIPE', 'network', true],
    ['UND_ERR_SOCKET', 'network', true],
    ['UND_ERR_CONNECT_TIMEOUT', 'timeout', false],
    ['UND_ERR_HEADERS_TIMEOUT', 'timeout', true],
    ['UND_ERR_BODY_TIMEOUT', 'timeout', true],
    ['ETIMEDOUT', 'timeout', true],
    ['HPE_INVALID_CONSTANT', 'answer', true],
    ['UND_ERR_HEADERS_OVERFLOW', 'answer', true],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'certificate', false],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'certificate', false],
    ['CERT_HAS_EXPIRED', 'certificate', false],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'certificate', false],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'certificate', false],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'certificate', false],
  ]
  for (const [code, kind, mayHaveArrived] of cases) {
    it(`maps ${code} to a failure of the kind ${kind}${mayHaveArrived ? '' : ' that never arrived'}`, () => {
      const error = errorWith(code)
      const failure = toHttpFailure(error)
      assert.equal(failure.kind, kind)
      assert.equal(failure.mayHaveArrived, mayHaveArrived)
      assert.equal((failure.cause as Error & { code: string }).code, code)
      assert.match(failure.message, new RegExp(code))
    })
  }

  it('reports the first of many addresses for all of them', () => {
    const failure = toHttpFailure(new AggregateError([errorWith('ECONNREFUSED'), errorWith('ENETUNREACH')]))
    assert.equal(failure.mayHaveArrived, false)
    assert.match(failure.message, /it broke \(ECONNREFUSED\)/)
    assert.equal(toHttpFailure(new AggregateError([], 'none')).message, 'none')
  })

  it('does not say the code twice', () => {
    assert.equal(toHttpFailure(errorWith('EPIPE', 'write EPIPE')).message, 'write EPIPE')
  })

  it('keeps what is an HttpFailure already', () => {
    const failure = new HttpFailure('timeout', 'late', true)
    assert.equal(toHttpFailure(failure), failure)
  })

  it('accepts any thrown value', () => {
    for (const thrown of [undefined, null, 7, 'text', { code: 7 }, {}]) {
      const failure = toHttpFailure(thrown)
      assert.equal(failure.kind, 'network')
      assert.equal(failure.mayHaveArrived, true)
    }
  })
})
