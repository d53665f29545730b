import type { ObjectOptions } from '../stores/object/object-options.js'
import type { LockableStore } from '../checkpoint/checkpoint-store.js'
import type { FileOrigin } from './checkpoint/restart.js'

/** The input of a transfer. */
export interface TransferPlan {
  /** The checked options, which no longer change. */
  objectOptions: ObjectOptions
  concurrency: number | 'auto'
  /** Size in bytes of the first part. */
  partSize: number
  /** Store of the checkpoint, if any. */
  checkpoint?: LockableStore | undefined
  /** Set if the bytes come from a file. */
  file?: FileOrigin
}
