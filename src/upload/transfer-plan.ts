import type { ObjectOptions } from '../stores/object/object-options.js'
import type { LockableStore } from '../checkpoint/checkpoint-store.js'
import type { FileOrigin } from './checkpoint/restart.js'

/** What a transfer is to do. */
export interface TransferPlan {
  /** Checked, and nobody else's to change. */
  objectOptions: ObjectOptions
  concurrency: number | 'auto'
  /** Bytes of the first part. */
  partSize: number
  /** Where it is recorded, so that another run may resume it. */
  checkpoint?: LockableStore | undefined
  /** Where the bytes come from a file. */
  file?: FileOrigin
}
