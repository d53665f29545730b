import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { type ByteSink } from '../../src/source/byte-sink.js'
import { watchSilence } from '../../src/source/silence.js'

describe('a limit on silence', () => {
  function watch(t: TestContext) {
    t.mock.timers.enable({ apis: ['setInterval'] })
    let room: () => void = () => undefined
    const upload: ByteSink = {
      lend: () => new Uint8Array(10),
      accept: () => undefined,
      write: (_chunk, callback) => {
        room = callback
      },
      cancelled: new AbortController().signal,
    }
    let failed = false
    const watched = watchSilence(upload, 1000, () => new Error('silent'))
    const { sink } = watched
    watched.silent.catch(() => (failed = true))
    t.after(() => watched.end())
    const pass = async (ms: number) => {
      t.mock.timers.tick(ms)
      await Promise.resolve()
      await Promise.resolve()
      return failed
    }
    return { sink, pass, room: () => room() }
  }

  it('passes when no byte has come', async (t) => {
    const { pass } = watch(t)
    assert.equal(await pass(1000), false)
    assert.equal(await pass(100), true)
  })

  it('restarts with every byte', async (t) => {
    const { sink, pass } = watch(t)
    for (let count = 0; count < 5; count += 1) {
      assert.equal(await pass(900), false)
      sink.lend()
      sink.accept(1)
    }
    sink.accept(0)
    assert.equal(await pass(1100), true)
  })

  it('does not count the time in which the upload accepts no bytes', async (t) => {
    const { sink, pass, room } = watch(t)
    sink.write(new Uint8Array(1), () => undefined)
    assert.equal(await pass(50_000), false)
    room()
    assert.equal(await pass(900), false)
    assert.equal(await pass(200), true)
  })
})
