import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { contentMd5 } from '../../src/stores/content-md5.js'
import { someBytes } from '../support/bytes.js'

describe('contentMd5', () => {
  it('is that of an empty body', async () => {
    assert.equal(await contentMd5(new Uint8Array(0)), '1B2M2Y8AsgTpgAmY7PhCfg==')
  })

  it('is the same in slices as in one go', async () => {
    for (const length of [1, 65_535, 65_536, 65_537, 200_000]) {
      const bytes = someBytes(length)
      assert.equal(await contentMd5(bytes), createHash('md5').update(bytes).digest('base64'))
    }
  })
})
