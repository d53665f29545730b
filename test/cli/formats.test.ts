import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatByteSize, parseByteSize } from '../../src/cli/options/byte-sizes.js'
import { formatAge, formatClock, formatSeconds, parseDuration } from '../../src/cli/options/durations.js'
import { formatTable } from '../../src/cli/progress/table.js'

describe('sizes', () => {
  it('are read with units of both kinds, or without', () => {
    const MiB = 1024 * 1024
    for (const [text, bytes] of [
      ['0', 0],
      ['1048576', MiB],
      ['8MiB', 8 * MiB],
      ['8 mib', 8 * MiB],
      ['8M', 8 * MiB],
      ['1.5GiB', 1536 * MiB],
      ['2GB', 2e9],
      ['100KB', 1e5],
      ['7B', 7],
    ] as const) {
      assert.equal(parseByteSize('part-size', text), bytes, text)
    }
    for (const text of ['', 'MiB', '-1', '8XiB', '1e6', '99999PiB', '8MiBs']) {
      assert.throws(() => parseByteSize('part-size', text), { exitCode: 2, message: /^--part-size must be / })
    }
  })

  it('are shown in at most eight characters', () => {
    const shown = [0, 1023, 1024, 10_239, 10_240, 102_400, 1_048_063, 1_048_575, 5 * 1024 ** 4].map(formatByteSize)
    assert.deepEqual(shown, [
      '0 B',
      '1023 B',
      '1.00 KiB',
      '10.0 KiB',
      '10.0 KiB',
      '100 KiB',
      '1023 KiB',
      '1.00 MiB',
      '5.00 TiB',
    ])
    for (let bytes = 1; bytes < 1e15; bytes = Math.ceil(bytes * 1.013)) {
      assert.ok(formatByteSize(bytes).length <= 8, String(bytes))
    }
  })
})

describe('lengths of time', () => {
  it('are read with a unit', () => {
    assert.deepEqual(
      ['90s', '30m', '24h', '1.5h', '7D', '2w'].map((text) => parseDuration('older-than', text)),
      [90e3, 1800e3, 86_400e3, 5400e3, 604_800e3, 1_209_600e3],
    )
    for (const text of ['', '24', 'h', '-1h', '1y']) {
      assert.throws(() => parseDuration('older-than', text), { exitCode: 2, message: /^--older-than must be / })
    }
  })

  it('are shown as a clock, as an age and as seconds', () => {
    assert.deepEqual([0, 59_999, 60_000, 3_723_000, 273_845_000].map(formatClock), [
      '0:00',
      '0:59',
      '1:00',
      '1:02:03',
      '3d 4:04:05',
    ])
    assert.deepEqual([0, 119_000, 120_000, 7_200_000, 172_800_000].map(formatAge), ['0s', '119s', '2m', '2h', '2d'])
    assert.deepEqual([420, 12_345, 83_000].map(formatSeconds), ['0.42 s', '12.3 s', '1:23'])
  })
})

describe('tables', () => {
  it('have columns as wide as what is in them, on any terminal', () => {
    const columns = [{ title: 'KEY' }, { title: 'BYTES', isNumber: true }]
    assert.deepEqual(
      formatTable(columns, [
        ['数据库', '1'],
        ['e\u0301\u001b[2J', '100000'],
      ]),
      ['KEY          BYTES', '数据库           1', 'e\u0301\\u001b[2J  100000'],
    )
  })
})
