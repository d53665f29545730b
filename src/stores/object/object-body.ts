import { createHash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { startChecksum } from '../../checksum/checksum.js'
import { type ChecksumAlgorithm } from '../../shared/checksum-names.js'
import { formatCrc64 } from '../../checksum/decimal.js'
import type { RequestBody } from '../../http/http-message.js'
import { KiB } from '../../shared/byte-size.js'

/** Bytes to hash before yielding to the event loop. MD5 takes a third of a millisecond for them. */
const SLICE = 256 * KiB

/** Bytes to send and their checksums. Each checksum is computed once, when first needed. */
export class ObjectBody implements RequestBody {
  readonly segments: readonly Uint8Array[]
  /** Bytes of all segments. */
  readonly size: number
  /** CRC-64/XZ. */
  readonly crc64: bigint
  readonly #checksums = new Map<ChecksumAlgorithm, Promise<string>>()

  /** The bytes must not change while the body is in use. */
  constructor(segments: readonly Uint8Array[], crc64: bigint) {
    this.segments = segments
    this.size = segments.reduce((sum, { length }) => sum + length, 0)
    this.crc64 = crc64
  }

  checksum(algorithm: ChecksumAlgorithm): Promise<string> {
    let checksum = this.#checksums.get(algorithm)
    if (checksum === undefined) {
      checksum = this.#compute(algorithm)
      this.#checksums.set(algorithm, checksum)
    }
    return checksum
  }

  /** Resolves with the value of `Content-MD5`. */
  async contentMd5(): Promise<string> {
    return Buffer.from(await this.checksum('md5'), 'hex').toString('base64')
  }

  async #compute(algorithm: ChecksumAlgorithm): Promise<string> {
    if (algorithm === 'crc64ecma') return formatCrc64(this.crc64)
    const checksum = startChecksum(algorithm)
    await inSlices(this.segments, (slice) => checksum.update(slice))
    return checksum.digest()
  }
}

/** Lower-case hex. */
export async function sha256Hex(segments: readonly Uint8Array[]): Promise<string> {
  const hash = createHash('sha256')
  await inSlices(segments, (slice) => hash.update(slice))
  return hash.digest('hex')
}

/** Passes the bytes in slices, because hashing a whole part would block the event loop. */
async function inSlices(segments: readonly Uint8Array[], take: (slice: Uint8Array) => unknown): Promise<void> {
  for (const [index, segment] of segments.entries()) {
    for (let start = 0; start < segment.length; start += SLICE) {
      if (index > 0 || start > 0) await nextTurn()
      take(segment.subarray(start, start + SLICE))
    }
  }
}
