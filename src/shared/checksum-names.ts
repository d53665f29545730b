/** The checksum algorithms of the services. */
export type ChecksumAlgorithm = 'crc64ecma' | 'crc64nvme' | 'crc32' | 'md5'

/** Their names in messages. */
export const CHECKSUM_NAMES: Readonly<Record<ChecksumAlgorithm, string>> = {
  crc64ecma: 'CRC-64',
  crc64nvme: 'CRC-64/NVME',
  crc32: 'CRC-32',
  md5: 'MD5',
}

export const CHECKSUM_ALGORITHMS = Object.keys(CHECKSUM_NAMES) as readonly ChecksumAlgorithm[]
