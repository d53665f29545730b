import { UploadError } from '../shared/errors.js'
import type { CompletedPart, PartReceipt } from '../stores/store-driver.js'

/** The parts that the store acknowledged, in whatever order. What is published is counted here first. */
export class PartsLedger {
  readonly #parts = new Map<number, PartReceipt & { size: number }>()
  #bytes = 0

  get count(): number {
    return this.#parts.size
  }

  get bytes(): number {
    return this.#bytes
  }

  record(partNumber: number, size: number, receipt: PartReceipt): void {
    this.#parts.set(partNumber, { ...receipt, size })
    this.#bytes += size
  }

  /** All parts in order. Throws UploadError when one is missing or the bytes are not those that were taken. */
  finish(expectedParts: number, expectedBytes: number): CompletedPart[] {
    if (this.count !== expectedParts || this.#bytes !== expectedBytes) {
      throw this.#incomplete(expectedParts, expectedBytes)
    }
    const parts: CompletedPart[] = []
    for (let partNumber = 1; partNumber <= expectedParts; partNumber += 1) {
      const part = this.#parts.get(partNumber)
      if (part === undefined) throw this.#incomplete(expectedParts, expectedBytes)
      parts.push({ partNumber, ...part })
    }
    return parts
  }

  #incomplete(expectedParts: number, expectedBytes: number): UploadError {
    return new UploadError(
      'INCOMPLETE',
      `${this.count} parts of ${this.#bytes} bytes are acknowledged, not the ${expectedParts} parts of ${expectedBytes} bytes that were sent: nothing is published. Please report this as a bug`,
    )
  }
}
