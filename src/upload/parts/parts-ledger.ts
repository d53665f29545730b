import { combineCrc64 } from '../../checksum/combine.js'
import { UploadError } from '../../shared/errors.js'
import type { CompletedPart, PartReceipt } from '../../stores/store-driver.js'

/** An acknowledged part: its receipt, and what was sent. */
export interface AcknowledgedPart extends PartReceipt {
  /** Bytes. */
  size: number
  crc64: bigint
}

/** What is known about parts of a previous run. */
export type PartsTaken = Pick<PartsLedger, 'count' | 'bytes' | 'has'>

/** The acknowledged parts, in any order. They are counted here before the object is published. */
export class PartsLedger {
  readonly #parts = new Map<number, AcknowledgedPart>()
  #bytes = 0

  get count(): number {
    return this.#parts.size
  }

  get bytes(): number {
    return this.#bytes
  }

  has(partNumber: number): boolean {
    return this.#parts.has(partNumber)
  }

  record(partNumber: number, part: AcknowledgedPart): void {
    this.#parts.set(partNumber, part)
    this.#bytes += part.size
  }

  /**
   * All parts in order, and the CRC-64 of all their bytes. Throws UploadError when a part is missing or the bytes are
   * not as many as were taken.
   */
  finish(expectedParts: number, expectedBytes: number): { parts: CompletedPart[]; crc64: bigint } {
    if (this.count !== expectedParts || this.#bytes !== expectedBytes) {
      throw this.#incomplete(expectedParts, expectedBytes)
    }
    const parts: CompletedPart[] = []
    let whole = 0n
    for (let partNumber = 1; partNumber <= expectedParts; partNumber += 1) {
      const part = this.#parts.get(partNumber)
      if (part === undefined) throw this.#incomplete(expectedParts, expectedBytes)
      const { crc64, ...receipt } = part
      parts.push({ partNumber, ...receipt })
      whole = combineCrc64(whole, crc64, part.size)
    }
    return { parts, crc64: whole }
  }

  #incomplete(expectedParts: number, expectedBytes: number): UploadError {
    return new UploadError(
      'INCOMPLETE',
      `${this.count} parts of ${this.#bytes} bytes are acknowledged, not the ${expectedParts} parts of ${expectedBytes} bytes that were sent: nothing is published. Please report this as a bug`,
    )
  }
}
