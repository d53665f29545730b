import { GiB, KiB } from '../../shared/byte-size.js'
import { checkOneOf } from '../../shared/check-option.js'
import { UploadError } from '../../shared/errors.js'
import { escapeXml } from '../../shared/text/xml.js'
import { presignObs, signObs } from '../../signing/obs.js'
import type { SignableRequest } from '../../signing/signable-request.js'
import { presignSigV4, signSigV4, UNSIGNED_PAYLOAD } from '../../signing/sigv4.js'
import type { ChecksumRules } from '../integrity/checksum-rules.js'
import { type Dialect, expiryOf } from '../dialect.js'
import { ownerHeaders, type RequestPayerOption } from '../owner-headers.js'
import type { StoreLimits } from '../store-driver.js'
import { type ObsAddress, obsAddress, type ObsAddressOptions } from './obs-address.js'
import { type ObsHeaderPrefix, obsObjectOptions, OPTION_WORDS_OF_AWS } from './obs-object-options.js'

/** The API reference's "Uploading Parts" and "Completing a Multipart Upload"; esdk-obs-nodejs, lib/enums.js. */
const LIMITS: StoreLimits = {
  minPartSize: 100 * KiB,
  maxPartSize: 5 * GiB,
  maxParts: 10_000,
  maxObjectSize: 10_000 * 5 * GiB,
  maxKeyBytes: 1024,
  allowsLeadingSlash: true,
}

const SIGNATURE_VERSIONS = ['obs', 'v2', 'v4'] as const
const CHECKSUMS = ['crc64ecma', 'md5'] as const

export interface ObsDialectOptions extends ObsAddressOptions, RequestPayerOption {
  /**
   * `obs`: the signature of the service. `v2` and `v4`: the signatures of AWS, with `x-amz-` headers, which older clusters
   * require with path addressing; `v4` needs a region. Default `obs`.
   */
  signatureVersion?: (typeof SIGNATURE_VERSIONS)[number] | undefined
  /**
   * The checksum that is sent with each part: `x-obs-checksum-crc64ecma`, which costs almost nothing, or `Content-MD5`, some
   * 1.4 CPU-seconds per GiB. A cluster that does not support the former ignores it; then each part is verified by its ETag,
   * which costs the MD5 as well. Default `crc64ecma`.
   */
  checksum?: (typeof CHECKSUMS)[number] | undefined
}

/** Huawei Cloud OBS. Throws UploadError if an option is invalid. */
export function obsDialect(options: ObsDialectOptions): Dialect {
  const address = obsAddress(options)
  const version = checkOneOf('signatureVersion', options.signatureVersion ?? 'obs', SIGNATURE_VERSIONS)
  const checksum = checkOneOf('checksum', options.checksum ?? 'crc64ecma', CHECKSUMS)
  const prefix = version === 'obs' ? 'x-obs-' : 'x-amz-'
  return {
    provider: 'obs',
    bucket: options.bucket,
    limits: LIMITS,
    headerPrefix: prefix,
    requestIdHeader: `${prefix}request-id`,
    ...(prefix === 'x-amz-' ? { optionWords: OPTION_WORDS_OF_AWS } : {}),
    checksums: checksumRules(prefix, checksum),
    encodesNames: 'always',
    // OBS has no conditional requests.
    conditionalRequests: [],
    listsUploadsBy: 'id',
    listsObjectsBy: 'marker',
    // API reference, "Completing a Multipart Upload": after 503 or a timeout, check whether the object exists.
    mergesDespite503: true,
    existsCodes: [],
    signsPayload: false,
    origin: address.origin,
    pathOf: (key) => address.pathOf(key),
    ...signer(version, address),
    everyRequest: ownerHeaders(prefix, options),
    objectOptions: obsObjectOptions({ prefix, isConfidential: address.isConfidential }),
    readHeaders: () => ({}),
    errorInHeaders(headers) {
      const code = headers[`${prefix}error-code`]
      if (code === undefined) return undefined
      const message = headers[`${prefix}error-message`] ?? ''
      return `<Error><Code>${escapeXml(code)}</Code><Message>${escapeXml(message)}</Message></Error>`
    },
  }
}

/** Clusters with CRC-64 return it if it was sent; all have the ETags of S3. */
function checksumRules(prefix: ObsHeaderPrefix, checksum: 'crc64ecma' | 'md5'): ChecksumRules {
  const isSent = checksum === 'crc64ecma'
  return {
    own: { algorithm: 'crc64ecma', header: `${prefix}checksum-crc64ecma`, isSent, isCertain: false },
    sendsMd5OfParts: !isSent,
    hasMd5Etags: true,
    md5HiddenBy: 'any-encryption',
  }
}

function signer(version: 'obs' | 'v2' | 'v4', address: ObsAddress): Pick<Dialect, 'sign' | 'presign'> {
  const { region, domain } = address
  if (version !== 'v4') {
    const mode = version === 'obs' ? 'obs' : 'aws'
    return {
      sign: (request, credentials, date) => signObs(request, credentials, { date, mode, domain }),
      presign: (request, credentials, validity) =>
        presignObs(request, credentials, { mode, domain, expiresAt: expiryOf(validity) }),
    }
  }
  if (region === undefined) {
    throw new UploadError(
      'INVALID_OPTION',
      'region is missing: signature version 4 needs it, and the endpoint does not contain it. Give the option region, or set OBS_REGION',
    )
  }
  const withPath = (request: SignableRequest) => ({ ...request, path: address.pathOf(request.key) })
  return {
    sign: (request, credentials, date) =>
      signSigV4(withPath(request), credentials, { date, region, payloadHash: UNSIGNED_PAYLOAD }),
    presign: (request, credentials, validity) => presignSigV4(withPath(request), credentials, { ...validity, region }),
  }
}
