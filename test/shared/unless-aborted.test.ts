import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { describe, it } from 'node:test'
import { toError } from '../../src/shared/errors.js'
import { unlessAborted } from '../../src/shared/unless-aborted.js'

const never = new Promise<never>(() => undefined)

describe('what is waited for unless a signal is aborted', () => {
  it('is what comes, and the signal is left alone', async () => {
    const { signal } = new AbortController()
    assert.equal(await unlessAborted(Promise.resolve(7), signal, toError), 7)
    assert.equal(await unlessAborted(Promise.resolve(8), undefined, toError), 8)
    const failure = new Error('failed')
    await assert.rejects(unlessAborted(Promise.reject(failure), signal, toError), failure)
    assert.deepEqual(getEventListeners(signal, 'abort'), [])
  })

  it('is removed when its signal is aborted, or was already', async () => {
    const controller = new AbortController()
    const reason = new Error('no longer wanted')
    const waiting = unlessAborted(never, controller.signal, (cause) => new Error('ended', { cause }))
    controller.abort(reason)
    await assert.rejects(waiting, { message: 'ended', cause: reason })
    for (const promise of [never, Promise.resolve(7), Promise.reject(new Error('another'))]) {
      await assert.rejects(unlessAborted(promise, controller.signal, toError), reason)
    }
    assert.deepEqual(getEventListeners(controller.signal, 'abort'), [])
  })
})
