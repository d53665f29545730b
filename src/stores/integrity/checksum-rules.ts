import type { ChecksumAlgorithm } from '../../shared/checksum-names.js'

/** How a service shows that it has the bytes that were sent, as data: integrity.ts acts upon it. */
export interface ChecksumRules {
  /** What the service computes itself and tells of parts and objects. Absent: ETags alone show what it has. */
  readonly own?: OwnChecksum | undefined
  /** What objects that were written by others may have in its place, by the header that has it. Default: none. */
  readonly ofOthers?: readonly { readonly algorithm: OwnChecksum['algorithm']; readonly header: string }[]
  /** Whether `Content-MD5` goes with every part, and not only where the caller asks for it. */
  readonly sendsMd5OfParts: boolean
  /** Whether an object's ETag is an MD5, or the MD5 of its parts' MD5s and their number; a part's always is an MD5. */
  readonly hasMd5Etags: boolean
  /**
   * Which encryption at rest makes ETags something else than an MD5: that with a key of KMS or of the caller's own
   * (Amazon S3 API reference, "Object", ETag), or any, also one that the bucket adds and no response names (Huawei Cloud
   * OBS API reference, "Server-Side Encryption").
   */
  readonly md5HiddenBy: 'own-keys' | 'any-encryption'
}

interface OwnChecksum {
  readonly algorithm: Exclude<ChecksumAlgorithm, 'md5'>
  /** On answers, and on requests where it is sent. */
  readonly header: string
  /** Whether it is sent with each body, for the service to check. */
  readonly isSent: boolean
  /** Whether every service of this kind knows it. One that does not takes no notice of it. */
  readonly isCertain: boolean
  /** Whether the response to a range of an object has the checksum of the whole. Default false. */
  readonly isToldWithRanges?: boolean
  /** Where documents have it: of a part in its list, of an object in the response to Complete. */
  readonly element?: string
  /** What announces it when an upload begins. */
  readonly initiateHeaders?: Readonly<Record<string, string>>
  /** What is sent with that of the whole object. */
  readonly completeHeaders?: Readonly<Record<string, string>>
  /** Where the size of the whole object goes beside it. */
  readonly sizeHeader?: string
}
