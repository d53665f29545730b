/** Alibaba Cloud OSS. */
import { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import { isServiceHost } from '../../http/address.js'
import { plainBody, type BodyCoding } from '../../http/body-coding.js'
import { writeXml } from '../../http/xml-writer.js'
import type { Limits } from '../../limits.js'
import { Refusal, ServiceError } from '../../refusal.js'
import type { StoredObject } from '../../storage/stored-object.js'
import { defineDialect } from '../define-dialect.js'
import type { Dialect, Receipt, SignedRequest } from '../dialect.js'
import { authenticateOss, isOssSigned } from './authentication.js'
import { ossErrorAnswer, ossRefusals } from './errors.js'
import { checkOssPartHeaders, readOssAcl, readOssProperties } from './properties.js'

const KIB = 1024
const GIB = 1024 ** 3

const limits: Limits = {
  minPartSize: 100 * KIB,
  maxPartSize: 5 * GIB,
  maxPutSize: 5 * GIB,
  maxParts: 10_000,
  maxKeyBytes: 1023,
  maxMetadataBytes: 8 * KIB,
  maxTags: 10,
  maxPage: 1000,
  maxSkewMs: 15 * 60 * 1000,
  bodyIdleMs: 60_000,
  callbackMs: 5000,
}

export const ossDialect: Dialect = defineDialect({
  name: 'oss',
  headerPrefix: 'x-oss-',
  limits,
  refusals: ossRefusals,
  // Old buckets may have `_`.
  bucketName: /^[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]$/,
  keysPerPage: 100,
  cutsPages: false,
  speaks: isOssSigned,
  authenticate,
  newRequestId: () => randomBytes(12).toString('hex').toUpperCase(),
  commonHeaders: (requestId, now, elapsedMs) => ({
    Server: 'AliyunOSS',
    Date: now.toUTCString(),
    'x-oss-request-id': requestId,
    'x-oss-server-time': String(Math.round(elapsedMs)),
  }),
  errorAnswer: ossErrorAnswer,
  checkKey,
  checkPartHeaders: checkOssPartHeaders,
  refusesRange: (call) => call.header('x-oss-range-behavior') === 'standard',
  readProperties: readOssProperties,
  readAcl: readOssAcl,
  forbidsOverwrite: (call) => call.header('x-oss-forbid-overwrite') === 'true',
  completesAll: (call) => call.header('x-oss-complete-all') === 'yes',
  formatEtag,
  newUploadId: () => randomBytes(16).toString('hex').toUpperCase(),
  receiptHeaders,
  objectHeaders,
  partElements: ({ crc64 }) => [['HashCrc64ecma', crc64]],
  objectElements: ({ uploadId }) => [['Type', uploadId === undefined ? 'Normal' : 'Multipart']],
  bucketHeaders: (region) => ({ 'x-oss-bucket-region': region }),
  bucketElements: (region) => [
    ['Location', `oss-${region}`],
    ['Region', region],
  ],
  grants: (acl) => [['Grant', acl]],
  locationDocument: (region) => ['LocationConstraint', `oss-${region}`],
  writeXml: (root) => writeXml(root),
})

function authenticate(request: SignedRequest): BodyCoding {
  authenticateOss(request)
  const { call, address } = request
  if (address.style === 'path' && address.bucket !== undefined && isServiceHost(call.host)) {
    throw new ServiceError({
      status: 403,
      code: 'SecondLevelDomainForbidden',
      message: 'The bucket you are attempting to access must be addressed using OSS third level domain.',
    })
  }
  return plainBody
}

function checkKey(key: string, { maxKeyBytes }: Limits): void {
  const isTooLong = Buffer.byteLength(key) > maxKeyBytes
  if (isTooLong) throw new Refusal('invalid-key', {}, `The length of the object name must be at most ${maxKeyBytes}.`)
  if (/^[/\\]/.test(key)) throw new Refusal('invalid-key')
}

function formatEtag(etag: string): string {
  return `"${etag.toUpperCase()}"`
}

function receiptHeaders({ etag, crc64, md5 }: Receipt): Record<string, string> {
  const headers = { ETag: formatEtag(etag), 'x-oss-hash-crc64ecma': crc64 }
  return md5 === undefined ? headers : { ...headers, 'Content-MD5': Buffer.from(md5, 'hex').toString('base64') }
}

function objectHeaders({ etag, crc64, uploadId, lastModified, properties }: StoredObject): Record<string, string> {
  const isMultipart = uploadId !== undefined
  const metadata = Object.entries(properties.metadata).map(([name, value]) => [`x-oss-meta-${name}`, value] as const)
  const tagCount = properties.tags.length
  return {
    ...properties.headers,
    ...receiptHeaders(isMultipart ? { etag, crc64 } : { etag, crc64, md5: etag }),
    'Last-Modified': new Date(lastModified).toUTCString(),
    'Accept-Ranges': 'bytes',
    'x-oss-object-type': isMultipart ? 'Multipart' : 'Normal',
    'x-oss-storage-class': properties.storageClass,
    ...(tagCount > 0 ? { 'x-oss-tagging-count': String(tagCount) } : {}),
    ...ossDialect.encryptionHeaders(properties),
    ...Object.fromEntries(metadata),
  }
}
