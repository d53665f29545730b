import type { ChecksumAlgorithm } from '../../shared/checksum-names.js'

/** The checksums of a service, as data for integrity.ts. */
export interface ChecksumRules {
  /** The checksum that the service computes and returns for parts and objects. If absent, there are only ETags. */
  readonly own?: OwnChecksum | undefined
  /** Checksums that objects written by other clients may have instead, with their headers. Default: none. */
  readonly ofOthers?: readonly { readonly algorithm: OwnChecksum['algorithm']; readonly header: string }[]
  /** Whether `Content-MD5` is sent with every part, even if the caller does not request it. */
  readonly sendsMd5OfParts: boolean
  /** Whether an object's ETag is an MD5, or the MD5 of its parts' MD5s and their number; a part's always is an MD5. */
  readonly hasMd5Etags: boolean
  /**
   * The encryption at rest with which ETags are not an MD5: with a KMS key or a customer key (Amazon S3 API reference,
   * "Object", ETag), or any encryption, including a default of the bucket that no response contains (Huawei Cloud OBS API
   * reference, "Server-Side Encryption").
   */
  readonly md5HiddenBy: 'own-keys' | 'any-encryption'
}

interface OwnChecksum {
  readonly algorithm: Exclude<ChecksumAlgorithm, 'md5'>
  /** Header of responses, and of requests if it is sent. */
  readonly header: string
  /** Whether it is sent with each body, so that the service verifies it. */
  readonly isSent: boolean
  /** Whether every service of this kind supports it. Others ignore it. */
  readonly isCertain: boolean
  /** Whether the response to a range of an object has the checksum of the whole. Default false. */
  readonly isReturnedWithRanges?: boolean
  /** XML element in the list of parts and in the response to Complete. */
  readonly element?: string
  /** Headers that request it when an upload is initiated. */
  readonly initiateHeaders?: Readonly<Record<string, string>>
  /** Headers that are sent with the checksum of the whole object. */
  readonly completeHeaders?: Readonly<Record<string, string>>
  /** Header for the size of the whole object. */
  readonly sizeHeader?: string
}
