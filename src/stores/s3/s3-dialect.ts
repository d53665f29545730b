import { canCompute } from '../../checksum/checksum.js'
import { GiB, MiB } from '../../shared/byte-size.js'
import { checkBoolean, checkOneOf, invalidOption } from '../../shared/check-option.js'
import { presignSigV4, signSigV4, UNSIGNED_PAYLOAD } from '../../signing/sigv4.js'
import type { Dialect } from '../dialect.js'
import { type BucketOwnerOption, ownerHeaders, type RequestPayerOption } from '../owner-headers.js'
import type { StoreLimits } from '../store-driver.js'
import { s3Address, type S3AddressOptions } from './s3-address.js'
import { S3_CHECKSUMS, type S3Checksum, s3ChecksumRules } from './s3-checksums.js'
import { s3ObjectOptions } from './s3-object-options.js'

/** Amazon S3 User Guide, "Multipart upload limits". Other services accept the same, or refuse what they do not support. */
const LIMITS: StoreLimits = {
  minPartSize: 5 * MiB,
  maxPartSize: 5 * GiB,
  maxParts: 10_000,
  maxObjectSize: 10_000 * 5 * GiB,
  maxKeyBytes: 1024,
  allowsLeadingSlash: true,
}

export interface S3DialectOptions extends S3AddressOptions, RequestPayerOption, BucketOwnerOption {
  /**
   * The checksum that is sent with each part, and that verifies the whole object:
   *
   * - `crc32` and `crc64nvme`: the service's checksum of the full object. Some 0.2 and 0.7 CPU-seconds per GiB. Many
   *   compatible services refuse the headers, or interpret them as checksums of another kind.
   * - `md5`: `Content-MD5`, and the ETag. Every service has them. Some 1.4 CPU-seconds per GiB.
   *
   * Default `crc32` on AWS, `md5` on other services.
   */
  checksum?: S3Checksum | undefined
  /**
   * Whether the signature covers the body by its SHA-256: some 0.6 CPU-seconds per GiB, several times as many on processors
   * without instructions for it. Default: only over plain HTTP, where AWS requires it.
   */
  signPayload?: boolean | undefined
}

/** Amazon S3 and compatible services. Throws UploadError if an option is invalid. */
export function s3Dialect(options: S3DialectOptions): Dialect {
  const address = s3Address(options)
  const { region } = address
  const checksum = checkOneOf('checksum', options.checksum ?? usualChecksum(address.isAws), S3_CHECKSUMS)
  if (!canCompute(checksum)) {
    throw invalidOption('checksum', checksum, `must be an algorithm that Node.js ${process.versions.node} can compute`)
  }
  const rules = s3ChecksumRules(checksum, address.isAws)
  return {
    provider: 's3',
    bucket: options.bucket,
    limits: LIMITS,
    headerPrefix: 'x-amz-',
    requestIdHeader: 'x-amz-request-id',
    checksums: rules,
    encodesNames: 'in-lists-of-uploads',
    // Ceph 16 supports the condition on PutObject and ignores it on Complete; other services ignore it on both.
    conditionalRequests: address.isAws ? ['put', 'complete'] : [],
    listsUploadsBy: 'time',
    listsObjectsBy: 'token',
    mergesDespite503: false,
    existsCodes: ['PreconditionFailed', 'HTTP412'],
    signsPayload: checkBoolean('signPayload', options.signPayload ?? !address.isHttps),
    origin: address.origin,
    pathOf: (key) => address.pathOf(key),
    sign: (request, credentials, date) =>
      signSigV4({ ...request, path: address.pathOf(request.key) }, credentials, {
        date,
        region,
        payloadHash: request.payloadHash ?? UNSIGNED_PAYLOAD,
      }),
    presign: (request, credentials, validity) =>
      presignSigV4({ ...request, path: address.pathOf(request.key) }, credentials, { ...validity, region }),
    everyRequest: ownerHeaders('x-amz-', options),
    objectOptions: s3ObjectOptions(address.isConfidential),
    // A checksum is only returned if it is requested, and not for a range.
    readHeaders: (isRange): Record<string, string> =>
      rules.own === undefined || isRange ? {} : { 'x-amz-checksum-mode': 'ENABLED' },
    errorInHeaders: () => undefined,
  }
}

function usualChecksum(isAws: boolean): S3Checksum {
  if (!isAws) return 'md5'
  return canCompute('crc32') ? 'crc32' : 'crc64nvme'
}
