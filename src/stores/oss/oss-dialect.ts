import { checkOneOf, reading } from '../../shared/check-option.js'
import { GiB, KiB } from '../../shared/byte-size.js'
import { UploadError } from '../../shared/errors.js'
import { presignOssV1, signOssV1 } from '../../signing/oss-v1.js'
import { presignOssV4, signOssV4 } from '../../signing/oss-v4.js'
import type { ChecksumRules } from '../integrity/checksum-rules.js'
import { type Dialect, expiryOf } from '../dialect.js'
import { ownerHeaders, type RequestPayerOption } from '../owner-headers.js'
import type { StoreLimits } from '../store-driver.js'
import { ossAddress, type OssAddressOptions } from './oss-address.js'
import { OSS_OBJECT_OPTIONS } from './oss-object-options.js'

/** alibabacloud-oss-go-sdk-v2, oss/defaults.go; the documentation's "Limits". */
const LIMITS: StoreLimits = {
  minPartSize: 100 * KiB,
  maxPartSize: 5 * GiB,
  maxParts: 10_000,
  maxObjectSize: 10_000 * 5 * GiB,
  maxKeyBytes: 1023,
}

/** Every response has the CRC-64. The ETag of a multipart object says nothing about its bytes. */
const CHECKSUMS: ChecksumRules = {
  own: {
    algorithm: 'crc64ecma',
    header: 'x-oss-hash-crc64ecma',
    isSent: false,
    isCertain: true,
    isReturnedWithRanges: true,
    element: 'HashCrc64ecma',
  },
  sendsMd5OfParts: false,
  hasMd5Etags: false,
  md5HiddenBy: 'own-keys',
}

export interface OssDialectOptions extends OssAddressOptions, RequestPayerOption {
  /**
   * Default 4. Version 1 needs no region; OSS is switching it off: new customers since 2025-03 and new buckets since
   * 2025-09 cannot use it.
   */
  signatureVersion?: 1 | 4 | undefined
}

/** Alibaba Cloud OSS. Throws UploadError if an option is invalid. */
export function ossDialect(options: OssDialectOptions): Dialect {
  const address = ossAddress(options)
  const version = checkOneOf(
    'signatureVersion',
    reading('signatureVersion', () => String(options.signatureVersion ?? 4)),
    ['1', '4'],
  )
  const { region } = address
  if (version === '4' && region === undefined) {
    throw new UploadError(
      'INVALID_OPTION',
      'region is missing: signature version 4 needs it, and the endpoint does not contain it. Give the option region, or set OSS_REGION',
    )
  }
  return {
    provider: 'oss',
    bucket: options.bucket,
    limits: LIMITS,
    headerPrefix: 'x-oss-',
    requestIdHeader: 'x-oss-request-id',
    checksums: CHECKSUMS,
    encodesNames: 'always',
    conditionalRequests: ['put', 'initiate', 'complete'],
    listsUploadsBy: 'id',
    listsObjectsBy: 'token',
    // The rules of its SDK for Go (alibabacloud-oss-go-sdk-v2, oss/retry/retryable_error.go).
    transientCodes: ['BadRequest'],
    mergesDespite503: false,
    existsCodes: ['FileAlreadyExists', 'ObjectAlreadyExists'],
    signsPayload: false,
    origin: address.origin,
    pathOf: (key) => address.pathOf(key),
    sign: (request, credentials, date) =>
      version === '1' || region === undefined
        ? signOssV1(request, credentials, { date })
        : signOssV4(request, credentials, { date, region }),
    presign: (request, credentials, validity) =>
      version === '1' || region === undefined
        ? presignOssV1(request, credentials, { expiresAt: expiryOf(validity) })
        : presignOssV4(request, credentials, { ...validity, region }),
    everyRequest: ownerHeaders('x-oss-', options),
    objectOptions: OSS_OBJECT_OPTIONS,
    // Without this header, a range beyond the end returns the whole object.
    readHeaders: (isRange) => (isRange ? { 'x-oss-range-behavior': 'standard' } : {}),
    errorInHeaders(headers) {
      const encoded = headers['x-oss-err']
      return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString('utf8')
    },
  }
}
