import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ObjectHeaders } from '../../../src/stores/object/object-headers.js'
import {
  copyOfObjectOptions,
  OBJECT_OPTION_NAMES,
  type ObjectOptions,
} from '../../../src/stores/object/object-options.js'
import { header, OBJECT_REQUESTS, type OptionTable } from '../../../src/stores/object/option-table.js'
import { OSS_OBJECT_OPTIONS } from '../../../src/stores/oss/oss-object-options.js'
import { s3ObjectOptions } from '../../../src/stores/s3/s3-object-options.js'
import { obsObjectOptions } from '../../../src/stores/obs/obs-object-options.js'
import { invalidOption } from '../../support/errors.js'

const TABLES: readonly OptionTable[] = [
  OSS_OBJECT_OPTIONS,
  obsObjectOptions({ prefix: 'x-obs-', isConfidential: true }),
  s3ObjectOptions(true),
]

/** A table that counts how often an option is formatted. */
function countingTable(): { table: OptionTable; count: () => number } {
  let formatted = 0
  const tagging = header('x-oss-tagging', ['part'], () => String((formatted += 1)))
  const rules = { ...OSS_OBJECT_OPTIONS.rules, tagging }
  return { table: { ...OSS_OBJECT_OPTIONS, rules }, count: () => formatted }
}

describe('the headers of an object', () => {
  it('are computed once for the options of an upload, however many requests carry them', () => {
    const { table, count } = countingTable()
    const headers = new ObjectHeaders(table)
    const options = copyOfObjectOptions({ tagging: { a: 'b' } })
    for (let part = 1; part <= 100; part += 1) assert.deepEqual(headers.on('part', options), { 'x-oss-tagging': '1' })
    headers.on('complete', options)
    assert.equal(count(), 1)
  })

  it("are computed again for a caller's own object, which may have changed", () => {
    const headers = new ObjectHeaders(OSS_OBJECT_OPTIONS)
    const options: ObjectOptions = { contentType: 'a/b' }
    assert.equal(headers.on('put', options)['content-type'], 'a/b')
    options.contentType = 'c/d'
    assert.equal(headers.on('put', options)['content-type'], 'c/d')
  })

  for (const table of TABLES) {
    it(`follow from a rule of ${table.service} for each option`, () => {
      assert.deepEqual(Object.keys(table.rules).sort(), [...OBJECT_OPTION_NAMES].sort())
    })

    it(`of ${table.service} that every request carries are sent with every request if they are raw`, () => {
      const headers = new ObjectHeaders(table)
      assert.ok(table.everywhere.length > 0)
      for (const name of table.everywhere) {
        const carriers = OBJECT_REQUESTS.filter((request) => name in headers.on(request, { headers: { [name]: 'a' } }))
        assert.deepEqual(carriers, OBJECT_REQUESTS)
      }
    })

    it(`are refused for an option that ${table.service} does not support`, () => {
      for (const name of OBJECT_OPTION_NAMES.filter((option) => !table.rules[option].isSupported)) {
        const options = { [name]: true } as unknown as ObjectOptions
        assert.throws(
          () => new ObjectHeaders(table).on('part', options),
          invalidOption(`${table.service} does not support ${name}`),
        )
        assert.deepEqual(new ObjectHeaders(table).on('part', { [name]: undefined }), {})
      }
    })
  }
})
