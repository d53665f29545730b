/** A process that uploads a file with a checkpoint, and tells of each step, so that it can be killed at any. */
import process from 'node:process'
import { openStore } from 'oss-upload-stream'
import type { KillTask } from './kill-rounds.js'

const { store: options, key, file = '', ...sending } = JSON.parse(process.argv[2] ?? '') as KillTask
const tell = (event: string) => () => void process.send?.({ event })
const store = openStore(options)
const result = await store.uploadFile(key, file, {
  ...sending,
  onInitiated: tell('initiated'),
  onResumed: tell('resumed'),
  onRestarted: tell('restarted'),
  onPart: tell('part'),
  onCheckpoint: tell('checkpoint'),
})
process.send?.({ event: 'done', result })
await store.close()
process.disconnect()
