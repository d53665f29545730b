import { pipeline, type Readable, Transform } from 'node:stream'
import { formatCrc64 } from '../checksum/decimal.js'
import { crc64Engine } from '../checksum/engine.js'
import { KiB } from '../shared/byte-size.js'
import { UploadError } from '../shared/errors.js'

/** What the bytes of a whole object must be. */
interface Expected {
  key: string
  size: number
  /** Absent when the service gave none: the size is checked alone. */
  crc64: bigint | undefined
}

/** `body`, but it ends only when it was whole: otherwise it fails with `CHECKSUM_MISMATCH`. */
export function verifiedBody(body: Readable, expected: Expected): Readable {
  const crc64 = crc64Engine().create()
  let size = 0
  const verified = new Transform({
    highWaterMark: 256 * KiB,
    transform(chunk: Buffer, _encoding, callback) {
      size += chunk.length
      crc64.update(chunk)
      callback(null, chunk)
    },
    flush(callback) {
      const found = crc64.digest()
      const isWhole = size === expected.size && (expected.crc64 === undefined || found === expected.crc64)
      callback(isWhole ? null : mismatch(expected, size, found))
    },
  })
  // Whatever ends one of them ends the other; who reads the result is told.
  pipeline(body, verified, () => undefined)
  return verified
}

function mismatch({ key, size, crc64 }: Expected, sizeFound: number, crc64Found: bigint): UploadError {
  const expected = crc64 === undefined ? '' : ` with CRC-64 ${formatCrc64(crc64)}`
  return new UploadError(
    'CHECKSUM_MISMATCH',
    `${sizeFound} bytes with CRC-64 ${formatCrc64(crc64Found)} were read of ${JSON.stringify(key)}, which has ${size} bytes${expected}`,
    { key, retryable: true },
  )
}
