import type { PartsLedger } from './parts-ledger.js'
import type { UploadResult } from './upload-result.js'

/**
 * - `idle`: nothing was sent.
 * - `multipart`: the multipart upload was begun; `initiated` resolves with its id once the service has told it.
 * - `done`: published and verified.
 * - `failed`: `settled` resolves when nothing is in flight any more and the multipart upload was aborted.
 */
export type TransferState =
  | { name: 'idle' }
  | Multipart
  | { name: 'done'; result: UploadResult }
  | { name: 'failed'; error: Error; multipart: Multipart | undefined; settled: Promise<void> }

export interface Multipart {
  name: 'multipart'
  initiated: Promise<string>
  ledger: PartsLedger
}
