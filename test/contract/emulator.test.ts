import { emulatedBucket } from './emulated-bucket.js'
import { objectStoreContract } from './object-store-contract.js'

const CRC64 = { checksums: { put: 'crc64ecma', multipart: 'crc64ecma' } }
const NO_CUSTOMER_KEYS = { customerKeys: false }
const NOTHING_KEPT = { keepsObjects: false }

for (const signatureVersion of [4, 1] as const) {
  objectStoreContract(`OSS with signature ${signatureVersion}`, () =>
    emulatedBucket('oss', { traits: { ...CRC64, ...NO_CUSTOMER_KEYS }, store: { signatureVersion } }),
  )
}

for (const signatureVersion of ['obs', 'v2', 'v4'] as const) {
  objectStoreContract(`OBS with signature ${signatureVersion}`, () =>
    emulatedBucket('obs', { traits: { ...CRC64, ...NOTHING_KEPT }, store: { signatureVersion } }),
  )
}

objectStoreContract('an older cluster of OBS', () =>
  emulatedBucket('obs', { traits: NOTHING_KEPT, emulator: { obsChecksums: false } }),
)

for (const checksum of ['md5', 'crc32', 'crc64nvme'] as const) {
  objectStoreContract(`S3 with ${checksum}`, () =>
    emulatedBucket('s3', {
      traits: { checksums: { put: checksum, multipart: checksum }, gaps: checksum === 'md5' ? 'taken' : 'refused' },
      store: { checksum },
    }),
  )
}

objectStoreContract('S3 with bodies that are not signed', () => emulatedBucket('s3', { store: { signPayload: false } }))
