import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { GiB, KiB, MiB } from '../../src/shared/byte-size.js'
import type { StoreLimits } from '../../src/stores/store-driver.js'
import { checkUploadOptions, takeUploadOptions, type UploadOptions } from '../../src/upload/upload-options.js'
import { invalidOption } from '../support/errors.js'
import { OSS_LIMITS } from '../support/oss-limits.js'

function check(options: unknown, limits: Partial<StoreLimits> = {}): ReturnType<typeof checkUploadOptions> {
  return checkUploadOptions(takeUploadOptions(options as UploadOptions), { ...OSS_LIMITS, ...limits })
}

function refused(options: unknown, ...texts: string[]): void {
  assert.throws(() => check(options), invalidOption(...texts))
}

describe('the options of an upload', () => {
  it('are 8 MiB and five at a time, growing, unless something else is said', () => {
    assert.deepEqual(check({}), {
      partSize: 8 * MiB,
      concurrency: 5,
      expectedSize: undefined,
      size: undefined,
      maxSize: undefined,
      partGrowth: true,
      checkpoint: undefined,
      resume: 'replay',
      inspect: undefined,
      signal: undefined,
      onProgress: undefined,
    })
  })

  it('may be undefined, which is as if they were not there', () => {
    const names = ['partSize', 'concurrency', 'expectedSize', 'partGrowth', 'checkpoint', 'resume', 'signal']
    names.push('onProgress', 'acl', 'metadata')
    assert.deepEqual(check(Object.fromEntries(names.map((name) => [name, undefined]))), check({}))
  })

  it('take the ends of their ranges', () => {
    for (const partSize of [100 * KiB, 5 * GiB]) assert.equal(check({ partSize }).partSize, partSize)
    for (const concurrency of [1, 100, 'auto'] as const) assert.equal(check({ concurrency }).concurrency, concurrency)
    for (const expectedSize of [0, OSS_LIMITS.maxObjectSize]) {
      assert.equal(check({ expectedSize }).expectedSize, expectedSize)
    }
  })

  it('take no part that the service does not', () => {
    assert.throws(
      () => check({ partSize: 5 * MiB - 1 }, { minPartSize: 5 * MiB }),
      invalidOption('partSize', '5,242,880'),
    )
    assert.throws(() => check({ partSize: GiB + 1 }, { maxPartSize: GiB }), invalidOption('partSize', '1,073,741,824'))
  })

  for (const value of [null, 'text', NaN, -1, 0.5, Infinity, {}, [], 10n, 2 ** 60]) {
    it(`take no number that is ${inspect(value)}`, () => {
      refused({ partSize: value }, 'partSize', '102,400 to 5,368,709,120', 'bytes')
      refused({ concurrency: value }, 'concurrency', '1 to 100')
      refused(
        { expectedSize: value },
        'expectedSize',
        `0 to ${OSS_LIMITS.maxObjectSize.toLocaleString('en-US')}`,
        'bytes',
      )
    })
  }

  it('take no values of other kinds', () => {
    refused({ partSize: 100 * KiB - 1 }, 'partSize')
    refused({ partSize: 5 * GiB + 1 }, 'partSize')
    refused({ concurrency: 0 }, 'concurrency')
    refused({ concurrency: 101 }, 'concurrency')
    for (const value of [null, 0, 1, 'false']) refused({ partGrowth: value }, 'partGrowth', 'true or false')
    for (const value of [null, {}, new AbortController()]) refused({ signal: value }, 'signal', 'AbortSignal')
    for (const value of [null, 7, '', 'a\0b', {}, { read() {}, write() {} }]) {
      refused({ checkpoint: value }, 'checkpoint', 'must be')
    }
    for (const value of [null, true, 'text'])
      refused({ resume: value, checkpoint: 'x' }, 'resume', "'replay', 'offset'")
    refused({ resume: 'offset' }, 'resume', 'checkpoint')
    for (const value of [null, {}, 'text']) refused({ onProgress: value }, 'onProgress', 'function')
    for (const value of [null, 7, 'text', []]) refused(value, 'options', 'object')
  })

  it('have no other names', () => {
    refused({ partsize: 1 }, 'partsize', 'partSize')
    refused({ partSize: 8 * MiB, queueSize: 4 }, 'queueSize', 'concurrency')
    refused(JSON.parse('{"__proto__": {"partSize": 1}}'), '__proto__')
  })
})
