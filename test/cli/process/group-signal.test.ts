import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Failure, isEndedBySignal } from '../../../src/cli/process/failure.js'
import { listenForSignals } from '../../../src/cli/process/signals.js'
import { UploadError } from '../../../src/index.js'

describe('a signal to the whole group', () => {
  it('is waited for where the command has ended by one', async () => {
    const interruption = listenForSignals(() => undefined)
    try {
      const settled = interruption.settled()
      process.emit('SIGTERM', 'SIGTERM')
      await settled
      assert.equal(interruption.received(), 'SIGTERM')
    } finally {
      interruption.dispose()
    }
  })

  it('is waited for no longer than it can take', async () => {
    const interruption = listenForSignals(() => undefined)
    await interruption.settled()
    assert.equal(interruption.received(), undefined)
    interruption.dispose()
  })

  it('is what a command or its shell reports, and nothing else', () => {
    const failed = (how: object) => new Failure(3, 'not stored', new UploadError('COMMAND_FAILED', 'ended', how))
    for (const how of [{ signal: 'SIGTERM' }, { exitCode: 143 }, { exitCode: 130 }] as const) {
      assert.equal(isEndedBySignal(failed(how)), true)
    }
    for (const how of [{ exitCode: 1 }, { exitCode: 137 }, {}]) assert.equal(isEndedBySignal(failed(how)), false)
    assert.equal(isEndedBySignal(new UploadError('NETWORK', 'lost')), false)
  })
})
