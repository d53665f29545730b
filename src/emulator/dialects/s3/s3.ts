/** Amazon S3 (its API reference). */
import { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import type { Answer } from '../../http/answer.js'
import type { BodyCoding } from '../../http/body-coding.js'
import type { Call } from '../../http/call.js'
import { writeXml, type XmlNode } from '../../http/xml-writer.js'
import type { Limits } from '../../limits.js'
import { Refusal, type ServiceError } from '../../refusal.js'
import type { ObjectProperties, StoredChecksum, StoredObject } from '../../storage/stored-object.js'
import { denied, failed, verifyClaim } from '../aws/claim-checks.js'
import { checkPartKey, checkReadKey, hidesMd5, opaqueEtag } from '../aws/customer-key.js'
import { errorDocument, sharedRefusals } from '../aws/errors.js'
import { payloadCoding } from '../aws/payload.js'
import { headerClaimV4, isSigV4, queryClaimV4, SIGV4 } from '../aws/sigv4-claim.js'
import { defineDialect } from '../define-dialect.js'
import type { Dialect, Receipt, SignedRequest } from '../dialect.js'
import { encodeWord } from './encoded-words.js'
import { readS3Properties, S3_CHECKSUMS, S3_PREFIX } from './properties.js'

const KIB = 1024
const MIB = 1024 ** 2
const GIB = 1024 ** 3
const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/'
const HOST_ID = Buffer.from('the emulator, in place of a host of Amazon').toString('base64')
const OWNER_ID = '0022012000000000'

const limits: Limits = {
  minPartSize: 5 * MIB,
  maxPartSize: 5 * GIB,
  maxPutSize: 5 * GIB,
  maxParts: 10_000,
  maxKeyBytes: 1024,
  maxMetadataBytes: 2 * KIB,
  maxTags: 10,
  maxPage: 1000,
  maxSkewMs: 15 * 60 * 1000,
  bodyIdleMs: 20_000,
  callbackMs: 5000,
}

export const s3Dialect: Dialect = defineDialect({
  name: 's3',
  headerPrefix: S3_PREFIX,
  limits,
  refusals: sharedRefusals,
  bucketName: /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
  checksums: S3_CHECKSUMS,
  usualChecksum: 'crc64nvme',
  takesBodiesOfUnknownSize: false,
  encodesNames: 'in-lists-of-bucket',
  // OBS claims some of the SigV4 requests, by its own headers.
  isCatchAll: true,
  speaks: isSigV4,
  authenticate,
  newRequestId: () => randomBytes(8).toString('hex').toUpperCase(),
  commonHeaders: (requestId, now) => ({
    Server: 'AmazonS3',
    Date: now.toUTCString(),
    'x-amz-request-id': requestId,
    'x-amz-id-2': HOST_ID,
  }),
  errorAnswer,
  checkKey,
  checkPartHeaders: (call, { properties }) => checkPartKey(call, S3_PREFIX, properties),
  // The key is needed where the upload has a checksum algorithm.
  checkListHeaders: (call, { properties }) => {
    if (properties.checksum !== undefined) checkPartKey(call, S3_PREFIX, properties)
  },
  checkReadHeaders: (call, { properties }) => checkReadKey(call, S3_PREFIX, properties),
  readProperties: readS3Properties,
  forbidsOverwrite: (call) => call.header('if-none-match') === '*',
  etagOf: (md5, properties) => (hidesMd5(properties) ? opaqueEtag(md5) : md5),
  newUploadId: () => randomBytes(48).toString('base64url'),
  receiptHeaders: ({ etag, checksum }) => ({ ETag: `"${etag}"`, ...checksumHeaders(checksum) }),
  completion: ({ checksum }) => ({ headers: {}, elements: checksumElements(checksum) }),
  objectHeaders,
  initiationHeaders: (properties) => ({
    ...s3Dialect.encryptionHeaders(properties),
    ...(properties.checksum === undefined
      ? {}
      : {
          'x-amz-checksum-algorithm': properties.checksum.algorithm.toUpperCase(),
          'x-amz-checksum-type': properties.checksum.type,
        }),
  }),
  partElements: ({ checksum }, { properties }) =>
    checksum === undefined || properties.checksum === undefined ? [] : [valueElement(checksum)],
  partListElements: ({ properties }) => [...OWNERS, ...planElements(properties)],
  uploadElements: ({ properties }) => [
    ...OWNERS,
    ['StorageClass', properties.storageClass],
    ...planElements(properties),
  ],
  objectElements: ({ checksum }) =>
    checksum === undefined
      ? []
      : [
          ['ChecksumAlgorithm', checksum.algorithm.toUpperCase()],
          ['ChecksumType', checksum.type],
        ],
  bucketHeaders: (region) => ({ 'x-amz-bucket-region': region }),
  bucketElements: (region) => [['BucketRegion', region]],
  grants,
  locationDocument: (region) => ['LocationConstraint', region === 'us-east-1' ? '' : region],
  writeXml: (root) => writeXml(root, NAMESPACE),
})

const GROUPS = 'http://acs.amazonaws.com/groups/global/'
const TYPE = { 'xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance' }

function grants(acl: string): XmlNode[] {
  const owner: XmlNode[] = [
    ['ID', OWNER_ID],
    ['DisplayName', 'emulator'],
  ]
  const group = acl === 'authenticated-read' ? 'AuthenticatedUsers' : 'AllUsers'
  const permissions = ['READ', ...(acl === 'public-read-write' ? ['WRITE'] : [])]
  const isShared = /^(?:public|authenticated)-/.test(acl)
  return [
    grant('CanonicalUser', owner, 'FULL_CONTROL'),
    ...(isShared ? permissions.map((permission) => grant('Group', [['URI', GROUPS + group]], permission)) : []),
  ]
}

function grant(type: string, grantee: readonly XmlNode[], permission: string): XmlNode {
  return [
    'Grant',
    [
      ['Grantee', grantee, { ...TYPE, 'xsi:type': type }],
      ['Permission', permission],
    ],
  ]
}

const OWNERS: readonly XmlNode[] = ['Initiator', 'Owner'].map((name): XmlNode => [
  name,
  [
    ['ID', OWNER_ID],
    ['DisplayName', 'emulator'],
  ],
])

function authenticate(request: SignedRequest): BodyCoding {
  const { call } = request
  const authorization = call.header('authorization')
  const isPresigned = call.hasParameter('X-Amz-Algorithm')
  if (authorization !== undefined && isPresigned) {
    throw failed(
      'InvalidArgument',
      'Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified',
    )
  }
  if (!isPresigned && authorization === undefined) throw denied('AccessDenied', 'Access Denied')
  if (authorization !== undefined && !authorization.startsWith(`${SIGV4} `)) {
    throw failed(
      'InvalidRequest',
      `The authorization mechanism you have provided is not supported. Please use ${SIGV4}.`,
    )
  }
  const claim = authorization === undefined ? queryClaimV4(request) : headerClaimV4(request, authorization)
  return payloadCoding(call, claim, verifyClaim(claim, request, 'AWSAccessKeyId'))
}

function errorAnswer(error: ServiceError, call: Call | undefined, requestId: string): Answer {
  // The response to a failed HEAD contains only the status code.
  if (call?.method === 'HEAD') return { status: error.status, headers: { 'Content-Type': 'application/xml' } }
  const body = errorDocument(error, requestId, HOST_ID)
  return { status: error.status, headers: { 'Content-Type': 'application/xml' }, body }
}

function checkKey(key: string, { maxKeyBytes }: Limits): void {
  const size = Buffer.byteLength(key)
  if (size <= maxKeyBytes) return
  throw new Refusal('invalid-key', { Size: String(size), MaxSizeAllowed: String(maxKeyBytes) })
}

function objectHeaders(object: StoredObject, call: Call): Record<string, string> {
  const { etag, lastModified, properties, checksum } = object
  const metadata = Object.entries(properties.metadata).map(
    ([name, value]) => [`x-amz-meta-${name}`, encodeWord(value)] as const,
  )
  const { storageClass, tags } = properties
  // S3 returns no checksum for a range.
  const wantsChecksum = call.header('x-amz-checksum-mode')?.toUpperCase() === 'ENABLED'
  return {
    ...properties.headers,
    ETag: `"${etag}"`,
    'Last-Modified': new Date(lastModified).toUTCString(),
    'Accept-Ranges': 'bytes',
    ...(storageClass === 'STANDARD' ? {} : { 'x-amz-storage-class': storageClass }),
    ...(tags.length > 0 ? { 'x-amz-tagging-count': String(tags.length) } : {}),
    ...s3Dialect.encryptionHeaders(properties),
    ...(wantsChecksum && call.header('range') === undefined ? checksumHeaders(checksum) : {}),
    ...Object.fromEntries(metadata),
  }
}

function checksumHeaders(checksum: Receipt['checksum']): Record<string, string> {
  if (checksum === undefined) return {}
  return {
    [`${S3_PREFIX}checksum-${checksum.algorithm}`]: checksum.value,
    'x-amz-checksum-type': checksum.type,
  }
}

function checksumElements(checksum: StoredChecksum | undefined): XmlNode[] {
  return checksum === undefined ? [] : [valueElement(checksum), ['ChecksumType', checksum.type]]
}

function valueElement({ algorithm, value }: Pick<StoredChecksum, 'algorithm' | 'value'>): XmlNode {
  return [`Checksum${algorithm.toUpperCase()}`, value]
}

function planElements({ checksum }: ObjectProperties): XmlNode[] {
  if (checksum === undefined) return []
  return [
    ['ChecksumAlgorithm', checksum.algorithm.toUpperCase()],
    ['ChecksumType', checksum.type],
  ]
}
