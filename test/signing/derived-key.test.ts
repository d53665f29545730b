import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { derivedKey, hmac } from '../../src/signing/derived-key.js'

function chained(secret: string, scope: string): string {
  return scope.split('/').reduce<string | Buffer>(hmac, secret).toString('hex')
}

describe('the key derived for a scope', () => {
  it('is the chain of HMACs, also when secrets and days alternate and more of them come than are kept', () => {
    const pairs = Array.from(
      { length: 40 },
      (_, i) => [`secret-${i % 8}`, `202601${10 + (i % 5)}/region/oss/v4`] as const,
    )
    for (const [secret, scope] of [...pairs, ...pairs.toReversed()]) {
      assert.equal(derivedKey(secret, scope).toString('hex'), chained(secret, scope))
    }
  })
})
