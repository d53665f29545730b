import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { Failure, isEndedBySignal } from '../../../src/cli/process/failure.js'
import { listenForSignals } from '../../../src/cli/process/signals.js'
import { UploadError } from '../../../src/index.js'
import { emulatedStore, exists, unfinishedUploads } from '../../support/emulated-store.js'
import { OSSUP, ossupEnvironment, untilRequested } from '../ossup.js'

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

  it('ends ossup by its status, although the command ends by it first', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const child = spawn(
      'bash',
      ['-c', `exec ${OSSUP} put oss://test-bucket/k -- bash -c 'head -c 9000000 /dev/zero; exec sleep 60'`],
      { env: ossupEnvironment(emulator), stdio: 'ignore', detached: true },
    )
    const exited = once(child, 'exit')
    await untilRequested(emulator, 'UploadPart')
    process.kill(-child.pid!, 'SIGTERM')
    assert.deepEqual(await exited, [143, null])
    assert.equal(await exists(store, 'k'), false)
    assert.deepEqual(await unfinishedUploads(store), [])
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
