/**
 * The ways to have an object checked by S3 (Amazon S3 User Guide, "Checking object integrity"). `FULL_OBJECT`: the
 * service computes the checksum of the whole, whatever the parts were, and refuses to publish anything else.
 */
import type { ChecksumRules } from '../integrity/checksum-rules.js'

export const S3_CHECKSUMS = ['crc32', 'crc64nvme', 'md5'] as const
export type S3Checksum = (typeof S3_CHECKSUMS)[number]

/** The algorithms' names in documents and headers of S3. */
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
    // AWS adds CRC-64/NVME to what is written without a checksum. Another service may not know the full object's.
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
