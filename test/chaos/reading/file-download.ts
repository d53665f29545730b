/** A process that reads an object into a file with a checkpoint, and tells of each step, so that it can be killed at any. */
import process from 'node:process'
import { openStore } from '../../../src/index.js'
import type { ReadKillTask } from './kill-downloads.js'

const { store: options, key, file, ...reading } = JSON.parse(process.argv[2] ?? '') as ReadKillTask
const tell = (event: string, bytes = 0): void => void process.send?.({ event, bytes })
const store = openStore(options)
await store.downloadFile(key, file, {
  ...reading,
  onObject: () => tell('object'),
  onResumed: ({ bytes }) => tell('resumed', bytes),
  onRestarted: ({ reason }) => tell(reason),
  onProgress: ({ delivered }) => tell('progress', delivered),
})
tell('done')
await store.close()
process.disconnect()
