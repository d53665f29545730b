import type { ChecksumAlgorithm } from '../../shared/checksum-names.js'

/** How a service shows that it has the bytes that were sent, as data: integrity.ts acts upon it. */
export interface ChecksumRules {
  /** The checksum that the service computes and returns for parts and objects. If absent, there are only ETags. */
  readonly own?: OwnChecksum | undefined
  /** What objects that were written by others may have in its place, by the header that has it. Default: none. */
  readonly ofOthers?: readonly { readonly algorithm: OwnChecksum['algorithm']; readonly header: string }[]
  /** Whether `Content-MD5` is sent with every part, not only if the caller wants it. */
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
  /** Header of responses, and of requests if it is sent. */
  readonly header: string
  /** Whether it is sent with each body, for the service to check. */
  readonly isSent: boolean
  /** Whether every service of this kind supports it. Others ignore it. */
  readonly isCertain: boolean
  /** Whether the response to a range of an object has the checksum of the whole. Default false. */
  readonly isToldWithRanges?: boolean
  /** XML element in the list of parts and in the response to Complete. */
  readonly element?: string
  /** What announces it when an upload begins. */
  readonly initiateHeaders?: Readonly<Record<string, string>>
  /** Headers that are sent with the checksum of the whole object. */
  readonly completeHeaders?: Readonly<Record<string, string>>
  /** Header for the size of the whole object. */
  readonly sizeHeader?: string
}
