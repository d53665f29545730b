import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { copyError } from '../../src/shared/copied-error.js'

describe('copyError', () => {
  it('copies the name, code, message and causes of an error, and nothing that it carries beside them', () => {
    const cause = Object.assign(new TypeError('deep down'), { code: 'E_DEEP', response: 'SECRET' })
    const error = Object.assign(new Error('it broke', { cause }), {
      name: 'ParserError',
      code: 'E_TOP',
      data: 'SECRET',
    })
    const copy = copyError(error) as Error & { code: string; cause: Error & { code: string } }
    assert.deepEqual([copy.name, copy.code, copy.message], ['ParserError', 'E_TOP', 'it broke'])
    assert.deepEqual([copy.cause.name, copy.cause.code, copy.cause.message], ['TypeError', 'E_DEEP', 'deep down'])
    assert.equal(inspect(copy, { depth: 9, showHidden: true }).includes('SECRET'), false)
  })

  it('cleans every text, on one line', () => {
    const clean = (text: string): string => text.replaceAll('SECRET', '***')
    const error = Object.assign(new Error('a\nSECRET', { cause: 'a SECRET text' }), { code: 'SECRET' })
    const copy = copyError(error, clean) as Error & { code: string; cause: Error }
    assert.deepEqual([copy.code, copy.message, copy.cause.message], ['***', 'a ***', 'a *** text'])
    assert.equal(inspect(copy, { depth: 9, showHidden: true }).includes('SECRET'), false)
  })

  it('accepts any thrown value', () => {
    const throwing = new Proxy(new Error('x'), {
      get: () => {
        throw new Error('no')
      },
    })
    const circular = new Error('round')
    circular.cause = circular
    for (const thrown of [undefined, null, 7, Symbol('s'), 10n, [], Object.create(null), throwing, circular]) {
      assert.ok(copyError(thrown) instanceof Error)
    }
    assert.equal(copyError(new AggregateError([new Error('the first')])).cause instanceof Error, true)
  })
})
