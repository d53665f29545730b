import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatBytes, GiB, KiB, MiB } from '../../src/shared/byte-size.js'

describe('formatBytes', () => {
  for (const [bytes, text] of [
    [0, '0 B'],
    [1023, '1023 B'],
    [100 * KiB, '100 KiB'],
    [8 * MiB, '8 MiB'],
    [1.5 * GiB, '1.5 GiB'],
    [867.1875 * GiB, '867.2 GiB'],
    [48_828 * GiB, '47.7 TiB'],
    [5000 * 1024 * GiB, '5000 TiB'],
  ] as const) {
    it(`writes ${bytes} as ${text}`, () => {
      assert.equal(formatBytes(bytes), text)
    })
  }
})
