/**
 * The checksums with which S3 verifies an object (Amazon S3 User Guide, "Checking object integrity"). `FULL_OBJECT`:
 * the service computes the checksum of the whole object and refuses to publish it if that differs.
 */
import type { ChecksumRules } from '../integrity/checksum-rules.js'

export const S3_CHECKSUMS = ['crc32', 'crc64nvme', 'md5'] as const
export type S3Checksum = (typeof S3_CHECKSUMS)[number]

/** Names of the algorithms in documents and headers of S3. */
const NAMES = { crc32: 'CRC32', crc64nvme: 'CRC64NVME' } as const

export function s3ChecksumRules(checksum: S3Checksum, isAws: boolean): ChecksumRules {
  if (checksum === 'md5') return { sendsMd5OfParts: true, hasMd5Etags: true, md5HiddenBy: 'own-keys' }
  const name = NAMES[checksum]
  const type = { 'x-amz-checksum-type': 'FULL_OBJECT' }
  return {
    own: {
      algorithm: checksum,
      header: `x-amz-checksum-${checksum}`,
      isSent: true,
      isCertain: isAws,
      element: `Checksum${name}`,
      initiateHeaders: { 'x-amz-checksum-algorithm': name, ...type },
      completeHeaders: type,
      sizeHeader: 'x-amz-mp-object-size',
    },
    // AWS adds CRC-64/NVME to objects that are written without a checksum. Other services may not support it.
    ofOthers: isAws
      ? (['crc64nvme', 'crc32'] as const)
          .filter((algorithm) => algorithm !== checksum)
          .map((algorithm) => ({ algorithm, header: `x-amz-checksum-${algorithm}` }))
      : [],
    sendsMd5OfParts: false,
    hasMd5Etags: true,
    md5HiddenBy: 'own-keys',
  }
}
