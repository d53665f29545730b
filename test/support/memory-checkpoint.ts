import type { CheckpointStore } from '../../src/checkpoint/checkpoint-store.js'
import { type CheckpointRecord, readRecord } from '../../src/upload/checkpoint/upload-record.js'

/** A checkpoint in memory, whose writes can be stopped, failed or waited for at either side of their effect. */
export class MemoryCheckpoint implements CheckpointStore {
  text: string | undefined
  writes = 0
  /** Called at each side of a write: what it throws fails the write, and its promise is waited for. */
  on: (when: 'before' | 'after') => unknown = () => undefined

  constructor(text?: string) {
    this.text = text
  }

  get record(): CheckpointRecord | undefined {
    const reading = this.text === undefined ? undefined : readRecord(this.text)
    return reading?.kind === 'record' ? reading.record : undefined
  }

  read(): Promise<string | undefined> {
    return Promise.resolve(this.text)
  }

  async write(text: string): Promise<void> {
    await this.on('before')
    this.text = text
    this.writes += 1
    await this.on('after')
  }

  remove(): Promise<void> {
    this.text = undefined
    return Promise.resolve()
  }
}
