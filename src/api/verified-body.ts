import { pipeline, type Readable, Transform } from 'node:stream'
import { canCompute, type Checksum, CHECKSUM_NAMES, startChecksum } from '../checksum/checksum.js'
import { KiB } from '../shared/byte-size.js'
import { UploadError } from '../shared/errors.js'

/** What the bytes of a whole object must be. */
interface Expected {
  key: string
  size: number
  /** Absent when the service gave none, or none of the whole: the size is checked alone. */
  checksum: Checksum | undefined
}

/** `body`, but it ends only when it was whole: otherwise it fails with `CHECKSUM_MISMATCH`. */
export function verifiedBody(body: Readable, expected: Expected): Readable {
  const { checksum } = expected
  // Of the MD5s of parts, whose sizes nobody knows, nothing can be computed here.
  const isComputable = checksum !== undefined && canCompute(checksum.algorithm) && !/-\d+$/.test(checksum.value)
  const running = isComputable ? startChecksum(checksum.algorithm) : undefined
  let size = 0
  const verified = new Transform({
    highWaterMark: 256 * KiB,
    transform(chunk: Buffer, _encoding, callback) {
      size += chunk.length
      running?.update(chunk)
      callback(null, chunk)
    },
    flush(callback) {
      const found = running?.digest()
      const isWhole = size === expected.size && (found === undefined || found === checksum?.value)
      callback(isWhole ? null : mismatch(expected, size, found))
    },
  })
  // Whatever ends one of them ends the other; who reads the result is told.
  pipeline(body, verified, () => undefined)
  return verified
}

function mismatch({ key, size, checksum }: Expected, sizeFound: number, found: string | undefined): UploadError {
  const name = checksum === undefined ? '' : CHECKSUM_NAMES[checksum.algorithm]
  const valueFound = found === undefined ? '' : ` with ${name} ${found}`
  const value = found === undefined ? '' : ` with ${name} ${checksum?.value ?? ''}`
  return new UploadError(
    'CHECKSUM_MISMATCH',
    `${sizeFound} bytes${valueFound} were read of ${JSON.stringify(key)}, which has ${size} bytes${value}`,
    { key, retryable: true },
  )
}
