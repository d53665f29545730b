import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { LineSpeed } from '../../src/http/line-speed.js'
import { MiB } from '../../src/shared/byte-size.js'

/** Bytes per millisecond: a fifth of 64 kbit/s. */
const SLOWEST = 1.6

describe('LineSpeed', () => {
  it('lets a connection of a fifth of 64 kbit/s show that it moves, before anything is known', () => {
    const speed = new LineSpeed()
    // A view may wait behind as much again in the socket.
    assert.ok((2 * speed.largestView(30_000)) / SLOWEST < speed.limit(30_000))
  })

  it('lets it show that when it is known, and when a fast line has become so slow and failed', () => {
    const speed = new LineSpeed()
    speed.measured(8 * MiB, (8 * MiB) / SLOWEST)
    assert.ok((5 * speed.largestView(30_000)) / SLOWEST < speed.limit(30_000))
    speed.measured(8 * MiB, 100)
    speed.forget()
    assert.ok((2 * speed.largestView(30_000)) / SLOWEST < speed.limit(30_000))
  })

  it('makes few views on a fast line, and holds its limits as they are', () => {
    const speed = new LineSpeed()
    speed.measured(8 * MiB, 100)
    assert.equal(speed.largestView(30_000), 2 * MiB)
    assert.equal(speed.limit(30_000), 30_000)
  })
})
