import type { PartsLedger } from './parts/parts-ledger.js'
import type { UploadProgress } from './progress.js'
import type { UploadResult } from './upload-result.js'

/**
 * - `idle`: nothing was sent.
 * - `multipart`: the multipart upload was started; `initiated` resolves with its upload ID once the service has returned it.
 * - `done`: published and verified.
 * - `failed`: `settled` resolves when nothing is in flight and the multipart upload is aborted.
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

/** Returns the multipart upload of a state that has one. */
export function multipartOf(state: TransferState): Multipart | undefined {
  if (state.name === 'failed') return state.multipart
  return state.name === 'multipart' ? state : undefined
}

/** Counts parts in a state with `running` requests in flight, when `handedOver` parts were passed to the transfer. */
export function countParts(
  state: TransferState,
  running: number,
  handedOver: number,
): Pick<UploadProgress, 'acknowledged' | 'partsDone' | 'partsInFlight'> {
  if (state.name === 'done') {
    const { size, parts } = state.result
    return { acknowledged: size, partsDone: parts, partsInFlight: 0 }
  }
  const ledger = multipartOf(state)?.ledger
  if (ledger === undefined) return { acknowledged: 0, partsDone: 0, partsInFlight: running }
  // A request beside those of the parts publishes the object.
  const inFlight = Math.min(running, handedOver - ledger.count)
  return { acknowledged: ledger.bytes, partsDone: ledger.count, partsInFlight: inFlight }
}
