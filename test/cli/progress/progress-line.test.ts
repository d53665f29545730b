import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { plainLine } from '../../../src/cli/progress/plain-progress.js'
import { barOf, progressLine } from '../../../src/cli/progress/progress-line.js'
import { RateMeter } from '../../../src/cli/progress/rate-meter.js'
import { type TransferFacts, UploadFacts } from '../../../src/cli/progress/transfer-facts.js'

const MiB = 1024 * 1024

const STREAM: TransferFacts = {
  bytes: 1234 * MiB,
  verb: 'sent',
  elapsedMs: 83_000,
  rateNow: 21.4 * MiB,
  rateMean: 14.9 * MiB,
  retries: 2,
  held: 38 * MiB,
  partsDone: 154,
  partsInFlight: 5,
  slowSide: 'network',
}
const KNOWN: TransferFacts = { ...STREAM, total: 2468 * MiB, retries: 0 }

describe('the line of progress', () => {
  it('shows more if there is more room', () => {
    const lines = (facts: TransferFacts) => [20, 40, 80, 120].map((width) => progressLine(facts, width))
    assert.deepEqual(lines(STREAM), [
      '1.21 GiB sent   1:23',
      '1.21 GiB sent  21.4 MiB/s   1:23',
      '1.21 GiB sent  21.4 MiB/s   1:23  154+5 parts  2 retries  slow: network',
      '1.21 GiB sent  21.4 MiB/s  mean 14.9 MiB/s   1:23  154+5 parts  2 retries  slow: network  38.0 MiB held',
    ])
    assert.deepEqual(lines(KNOWN), [
      ' 50%  1.21/2.41 GiB',
      ' 50%  1.21/2.41 GiB  21.4 MiB/s   1:23',
      '[======>      ]   50%  1.21/2.41 GiB  21.4 MiB/s   1:23   1:22 left  154+5 parts',
      '[==========>          ]   50%  1.21/2.41 GiB  21.4 MiB/s  mean 14.9 MiB/s   1:23   1:22 left  154+5 parts  slow: network',
    ])
  })

  it('has its columns where they were, however the numbers change', () => {
    const columnsOf = (facts: TransferFacts) =>
      [...progressLine(facts, 119).matchAll(/%|\/s|left|parts|slow/g)].map(({ index }) => index)
    const columns = columnsOf(KNOWN)
    assert.equal(columns.length, 6)
    for (let bytes = 0; bytes <= 2468 * MiB; bytes += 7 * MiB) {
      const rate = bytes / 7
      const partsDone = Math.floor(bytes / 8 / MiB)
      const facts: TransferFacts = {
        ...{ ...KNOWN, bytes, partsDone, rateNow: rate, rateMean: rate, elapsedMs: bytes / MiB },
        slowSide: partsDone % 2 === 0 ? 'source' : 'network',
      }
      assert.deepEqual(columnsOf(facts), columns, progressLine(facts, 119))
    }
  })

  it('shows nothing as done that was only read', () => {
    assert.equal(
      progressLine({ ...KNOWN, verb: 'read', bytes: 5 * MiB, partsDone: 0, partsInFlight: 0 }, 79),
      '[>           ]    0%  5.00 MiB read  21.4 MiB/s   1:23   -:-- left    0+0 parts',
    )
  })

  it('is never wider than the terminal', () => {
    for (const facts of [STREAM, KNOWN, { ...KNOWN, bytes: 0, rateMean: 0 }, { ...KNOWN, bytes: 3000 * MiB }]) {
      for (let width = 1; width <= 200; width += 1) {
        const line = progressLine(facts, width, '12/345')
        assert.ok(line.length <= width, `${width}: ${line}`)
        assert.match(line, /^[\x20-\x7e]*$/)
      }
    }
  })

  it('has a bar that is full only when the transfer is complete', () => {
    assert.deepEqual(
      [0, 0.49, 0.999, 1, 1.1].map((share) => barOf(share, 10)),
      ['[>         ]', '[====>     ]', '[=========>]', '[==========]', '[==========]'],
    )
    assert.match(progressLine({ ...KNOWN, bytes: 2468 * MiB - 1 }, 120), / 99%/)
    assert.match(progressLine({ ...KNOWN, bytes: 2468 * MiB }, 120), /100%/)
  })

  it('is a complete line in a log', () => {
    assert.equal(
      plainLine(STREAM),
      '1.21 GiB sent, 21.4 MiB/s (mean 14.9 MiB/s), 1:23, 154 parts done, 5 in flight, 2 retries, slow: network',
    )
  })
})

describe('the rate now', () => {
  it('is that of the last seconds', () => {
    const meter = new RateMeter()
    assert.equal(meter.take(0, 0), 0)
    for (let ms = 250; ms <= 10_000; ms += 250) meter.take(ms, ms * 10)
    assert.equal(meter.take(10_250, 102_500), 10_000)
    let rate = 0
    for (let ms = 10_500; ms <= 16_000; ms += 250) rate = meter.take(ms, 102_500)
    assert.equal(rate, 0)
    assert.equal(meter.take(16_250, 0), 0, 'what is sent again is no speed below zero')
  })
})

describe('what an upload reports', () => {
  it('is that the limit is what is slow where the rate is that of the limit', () => {
    const facts = new UploadFacts(MiB)
    const progress = {
      received: 0,
      sent: 0,
      acknowledged: 0,
      partsDone: 0,
      partsInFlight: 0,
      concurrency: 5,
      resumed: 0,
      retries: 0,
      elapsedMs: 0,
      sourceIdleMs: 0,
      waitingFor: 'source',
      slowSide: 'source',
    } as const
    facts.of(progress)
    const at = (seconds: number, sent: number) =>
      facts.of({ ...progress, received: sent, sent, elapsedMs: seconds * 1000 }).slowSide
    // The source was slow to begin: what counts is the rate since the first byte.
    assert.equal(at(8, MiB), 'source')
    assert.equal(at(10, 3 * MiB), 'limit')
    assert.equal(at(20, 4 * MiB), 'source')
  })

  it('is what was read until something is sent', () => {
    const facts = new UploadFacts()
    const progress = {
      received: 4 * MiB,
      sent: 0,
      acknowledged: 0,
      partsDone: 0,
      partsInFlight: 0,
      concurrency: 5,
      resumed: 0,
      retries: 0,
      elapsedMs: 1000,
      sourceIdleMs: 0,
      waitingFor: 'source',
      slowSide: 'source',
    } as const
    assert.deepEqual(
      [facts.of(progress), facts.of({ ...progress, received: 20 * MiB, sent: 8 * MiB, elapsedMs: 2000 })].map(
        ({ bytes, verb, held, rateNow }) => ({ bytes, verb, held, rateNow }),
      ),
      [
        { bytes: 4 * MiB, verb: 'read', held: 0, rateNow: 0 },
        { bytes: 8 * MiB, verb: 'sent', held: 12 * MiB, rateNow: 8 * MiB },
      ],
    )
  })
})
