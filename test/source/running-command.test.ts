import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { describe, it } from 'node:test'
import { RunningCommand } from '../../src/source/running-command.js'

/** What Node.js gives for a process that may not be sent a signal: an event, not an exception. */
class ForeignProcess extends EventEmitter {
  readonly pid = 1
  isHeld = true

  kill(): boolean {
    this.emit('error', Object.assign(new Error('kill EPERM'), { code: 'EPERM', syscall: 'kill' }))
    return false
  }

  unref(): void {
    this.isHeld = false
  }
}

describe('a running command', () => {
  it('is not waited for when it may not be ended, because it runs as another user', async () => {
    const foreign = new ForeignProcess()
    await new RunningCommand(foreign as unknown as ChildProcess, 60_000).stop()
    assert.equal(foreign.isHeld, false)
  })

  it('is ended once, however often that is asked for', async () => {
    const command = new RunningCommand(spawn('sleep', ['60']), 60_000)
    await Promise.all([command.stop(), command.stop()])
    assert.deepEqual(await command.ended, { code: null, signal: 'SIGTERM' })
    await command.stop()
  })
})
