/** The checksums of a body: those that the request claims, and the one that is stored. */
import type { RunningChecksum } from '../../../checksum/checksum.js'
import { startContentChecksum, type ContentAlgorithm, type ContentChecksum } from '../../checksums/content-checksum.js'
import {
  announcedAlgorithm,
  checkForm,
  checksumHeader,
  checksumMismatch,
  invalidRequest,
  readChecksumClaim,
} from './checksum-claim.js'
import type { OperationContext } from '../operation.js'

export class BodyChecksums {
  readonly #context: OperationContext
  readonly #claim: ContentChecksum | undefined
  readonly #claimed: ContentAlgorithm | undefined
  readonly #kept: ContentAlgorithm | undefined
  readonly #running = new Map<ContentAlgorithm, RunningChecksum>()

  /** `planned` is the algorithm of the upload, for a part. Throws if the request contradicts it, or claims are inconsistent. */
  constructor(context: OperationContext, planned: ContentAlgorithm | undefined) {
    const { dialect } = context
    this.#context = context
    this.#claim = readChecksumClaim(context)
    if (this.#claim !== undefined) checkForm(context, this.#claim)
    this.#claimed = this.#claim?.algorithm ?? announcedAlgorithm(context)
    if (planned !== undefined && this.#claimed !== undefined && this.#claimed !== planned) {
      throw invalidRequest(
        `Checksum Type mismatch occurred, expected checksum Type: ${planned}, actual checksum Type: ${this.#claimed}`,
      )
    }
    const isPart = context.call.hasParameter('uploadId')
    this.#kept = planned ?? (isPart ? dialect.usualChecksum : (this.#claimed ?? dialect.usualChecksum))
    for (const algorithm of [this.#claimed, this.#kept]) {
      if (algorithm !== undefined) this.#running.set(algorithm, startContentChecksum(algorithm))
    }
  }

  /** Passes the bytes through, and computes their checksums. */
  async *observe(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of body) {
      for (const running of this.#running.values()) running.update(chunk)
      yield chunk
    }
  }

  /** Must be called once, at the end. Throws if a claim does not match the bytes. */
  verify(): ContentChecksum | undefined {
    const values = new Map([...this.#running].map(([algorithm, running]) => [algorithm, running.digest()]))
    const claim = this.#claim ?? this.#trailer()
    if (claim !== undefined && claim.value !== values.get(claim.algorithm)) throw checksumMismatch(claim.algorithm)
    const algorithm = this.#kept
    const value = algorithm === undefined ? undefined : values.get(algorithm)
    return algorithm === undefined || value === undefined ? undefined : { algorithm, value }
  }

  #trailer(): ContentChecksum | undefined {
    const algorithm = this.#claimed
    if (algorithm === undefined) return undefined
    const value = this.#context.coding.trailers.get(checksumHeader(this.#context, algorithm))
    if (value === undefined) throw invalidRequest('The announced trailer is missing.')
    const claim = { algorithm, value }
    checkForm(this.#context, claim)
    return claim
  }
}
