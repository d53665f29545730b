import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConvertedCheckpoint } from '../../../src/upload/checkpoint/ali-oss-checkpoint.js'
import type { LockableStore } from '../../../src/checkpoint/checkpoint-store.js'
import { MemoryDriver } from '../../support/memory-driver.js'

const CHECKPOINT = { name: 'key', fileSize: 300_000, partSize: 102_400, uploadId: 'theirs', doneParts: [] }

/** A place of this library with that in it, and what is done to it. */
function place(text: string | undefined): LockableStore & { done: string[] } {
  const done: string[] = []
  const note = (what: string) => () => Promise.resolve(void done.push(what))
  return {
    name: 'ours',
    done,
    read: () => Promise.resolve(text),
    write: note('write'),
    remove: note('remove'),
    lock: note('lock'),
    unlock: note('unlock'),
  }
}

describe('a checkpoint of ali-oss', () => {
  for (const text of [undefined, '']) {
    it(`is resumed in a place that holds ${text === undefined ? 'nothing' : 'an empty text'}`, async () => {
      const own = place(text)
      const converted = new ConvertedCheckpoint(CHECKPOINT, new MemoryDriver(), {}, own)
      assert.match((await converted.read()) ?? '', /"theirs"/)
      assert.equal(converted.discardsWrites, false)
      await converted.write('more')
      assert.deepEqual(own.done, ['write'])
    })
  }

  it('leaves a place alone that holds the record of another upload', async () => {
    const own = place('{"uploadId":"another"}')
    const converted = new ConvertedCheckpoint(CHECKPOINT, new MemoryDriver(), {}, own)
    assert.match((await converted.read()) ?? '', /"theirs"/)
    assert.equal(converted.discardsWrites, true)
    await converted.write('more')
    await converted.remove()
    assert.deepEqual(own.done, ['unlock'])
  })
})
