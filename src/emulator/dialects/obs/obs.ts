/** Huawei Cloud OBS (its API reference, and esdk-obs-nodejs for what that does not document). */
import { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import type { Answer } from '../../http/answer.js'
import { plainBody, type BodyCoding } from '../../http/body-coding.js'
import type { Call } from '../../http/call.js'
import { writeXml, type XmlNode } from '../../http/xml-writer.js'
import type { Limits } from '../../limits.js'
import { Refusal, type ServiceError } from '../../refusal.js'
import type { ObjectProperties, StoredObject } from '../../storage/stored-object.js'
import type { Upload } from '../../storage/uploads.js'
import { denied, failed, verifyClaim } from '../aws/claim-checks.js'
import { checkPartKey, checkReadKey, opaqueEtag } from '../aws/customer-key.js'
import { errorDocument, sharedRefusals } from '../aws/errors.js'
import { payloadCoding } from '../aws/payload.js'
import { headerClaimV4, isSigV4, queryClaimV4 } from '../aws/sigv4-claim.js'
import { defineDialect } from '../define-dialect.js'
import type { CallbackRules, Dialect, Receipt, SignedRequest } from '../dialect.js'
import { obsHeaderClaim, obsQueryClaim, OBS_SCHEMES, type ObsMode } from './claim.js'
import { readObsProperties, storageClassName } from './properties.js'

const KIB = 1024
const GIB = 1024 ** 3
const DAY_MS = 24 * 60 * 60 * 1000
const NAMESPACES = {
  obs: 'http://obs.myhwclouds.com/doc/2015-06-30/',
  aws: 'http://s3.amazonaws.com/doc/2006-03-01/',
} as const
const HOST_ID = Buffer.from('the emulator, in place of a host of OBS').toString('base64')
const USER_ID = '0022012000000000'

const limits: Limits = {
  minPartSize: 100 * KIB,
  maxPartSize: 5 * GIB,
  maxPutSize: 5 * GIB,
  maxParts: 10_000,
  maxKeyBytes: 1024,
  maxMetadataBytes: 8 * KIB,
  maxTags: 10,
  maxPage: 1000,
  maxSkewMs: 15 * 60 * 1000,
  bodyIdleMs: 60_000,
  callbackMs: 5000,
}

/** The API reference's "Callback" (obs_04_0095). */
const CALLBACK: CallbackRules = {
  maxUrls: 10,
  placeholder: /\$\(([^)]*)\)/g,
  names: { key: 'object', fsize: 'size', ext: 'mimeType' },
  usualBodyType: 'application/json',
}

/** The default encryption of a bucket. */
export interface BucketEncryption {
  readonly algorithm: 'AES256' | 'kms'
  /** Whether responses contain it. Default true. */
  readonly isTold?: boolean
}

export interface ObsOptions {
  /** The signature of its requests, which determines the prefix of its headers. */
  readonly mode: ObsMode
  /** Whether CRC-64 is verified and returned, as by newer clusters. */
  readonly checksums: boolean
  readonly encryption?: BucketEncryption | undefined
  /** Whether OBS handles every SigV4 request, or only those with a header of its own. */
  readonly takesSigV4: boolean
}

export function obsDialect({ mode, checksums, encryption, takesSigV4 }: ObsOptions): Dialect {
  const { word, prefix, keyParameter } = OBS_SCHEMES[mode]
  return defineDialect({
    name: 'obs',
    headerPrefix: prefix,
    limits,
    refusals: { ...sharedRefusals, 'body-timeout': { ...sharedRefusals['body-timeout'], status: 408 } },
    bucketName: /^(?!.*(?:\.\.|\.-|-\.))(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
    callback: CALLBACK,
    checksums: checksums ? ['crc64ecma'] : [],
    speaks: (call) =>
      call.header('authorization')?.startsWith(word) === true ||
      call.hasParameter(keyParameter) ||
      (mode === 'obs' ? asksForVersion(call) : isSigV4(call) && (takesSigV4 || hasOwnHeader(call))),
    authenticate,
    newRequestId: () => randomBytes(16).toString('hex').toUpperCase(),
    commonHeaders: (requestId, now) => ({
      Server: 'OBS',
      Date: now.toUTCString(),
      [`${prefix}request-id`]: requestId,
      [`${prefix}id-2`]: HOST_ID,
    }),
    errorAnswer,
    checkKey,
    checkPartHeaders: (call, { properties }) => checkPartKey(call, prefix, properties),
    checkReadHeaders: (call, { properties }) => checkReadKey(call, prefix, properties),
    readProperties: (call, _source, ownLimits) => readObsProperties(call, prefix, ownLimits),
    // OBS has no such condition.
    forbidsOverwrite: () => false,
    // For all encrypted objects, including those encrypted with a key of the service.
    etagOf: (md5, properties) => (isEncrypted(properties) ? opaqueEtag(md5) : md5),
    newUploadId: () => randomBytes(16).toString('hex').toUpperCase(),
    receiptHeaders,
    encryptionHeaders,
    initiationHeaders: encryptionHeaders,
    objectHeaders,
    partListElements: () => OWNERS,
    uploadElements: ({ properties }: Upload) => [...OWNERS, ['StorageClass', className(properties)]],
    bucketHeaders: (region) => ({ [mode === 'obs' ? 'x-obs-bucket-location' : 'x-amz-bucket-region']: region }),
    locationDocument: (region) =>
      mode === 'obs' ? ['Location', region] : ['CreateBucketConfiguration', [['LocationConstraint', region]]],
    bucketElements: (region) => [['Location', region]],
    grants,
    storageClassName: (storageClass) => storageClassName(storageClass, prefix),
    writeXml: (root) => writeXml(root, NAMESPACES[mode]),
  })

  function authenticate(request: SignedRequest): BodyCoding {
    const { call } = request
    const authorization = call.header('authorization')
    if (isSigV4(call)) {
      const claim = authorization === undefined ? queryClaimV4(request) : headerClaimV4(request, authorization)
      return payloadCoding(call, claim, verifyClaim(claim, request, 'AccessKeyId'))
    }
    const isPresigned = call.hasParameter(keyParameter)
    if (authorization !== undefined && isPresigned) {
      throw failed('InvalidArgument', 'A request must be signed in one place only.')
    }
    if (authorization?.startsWith(word) === true) {
      verifyClaim(obsHeaderClaim(request, mode, authorization), request, 'AccessKeyId')
    } else if (isPresigned) {
      verifyClaim(obsQueryClaim(request, mode), request, 'AccessKeyId')
    } else if (authorization !== undefined) {
      throw failed('InvalidArgument', 'Authorization header is invalid -- one and only one space required')
    } else if (!asksForVersion(call) || request.address.key !== undefined) {
      throw denied('AccessDenied', 'Access Denied')
    }
    return plainBody
  }

  /** A response to HEAD contains its error in headers. */
  function errorAnswer(error: ServiceError, call: Call | undefined, requestId: string): Answer {
    if (call?.method === 'HEAD') {
      const headers = { [`${prefix}error-code`]: error.code, [`${prefix}error-message`]: error.message }
      return { status: error.status, headers }
    }
    const body = errorDocument(error, requestId, HOST_ID)
    return { status: error.status, headers: { 'Content-Type': 'application/xml' }, body }
  }

  function receiptHeaders({ etag, crc64 }: Receipt): Record<string, string> {
    return { ETag: `"${etag}"`, ...(checksums ? { [`${prefix}checksum-crc64ecma`]: crc64 } : {}) }
  }

  function objectHeaders(object: StoredObject): Record<string, string> {
    const { lastModified, properties, uploadId } = object
    const { storageClass, tags, expiresAfterDays } = properties
    const metadata = Object.entries(properties.metadata).map(
      ([name, value]) => [`${prefix}meta-${name}`, value] as const,
    )
    return {
      ...properties.headers,
      ...receiptHeaders(object),
      'Last-Modified': new Date(lastModified).toUTCString(),
      'Accept-Ranges': 'bytes',
      ...(storageClass === 'STANDARD' ? {} : { [`${prefix}storage-class`]: className(properties) }),
      ...(tags.length > 0 ? { [`${prefix}tagging-count`]: String(tags.length) } : {}),
      ...(uploadId === undefined ? {} : { [`${prefix}uploadId`]: uploadId }),
      ...(expiresAfterDays === undefined
        ? {}
        : { [`${prefix}expiration`]: expiration(lastModified, expiresAfterDays) }),
      ...encryptionHeaders(properties),
      ...Object.fromEntries(metadata),
    }
  }

  function isEncrypted(properties: ObjectProperties): boolean {
    return encryption !== undefined || Object.keys(properties.encryption).length > 0
  }

  function encryptionHeaders(properties: ObjectProperties): Record<string, string> {
    const isAsked = Object.keys(properties.encryption).length > 0
    if (isAsked)
      return Object.fromEntries(Object.entries(properties.encryption).map(([name, value]) => [prefix + name, value]))
    if (encryption === undefined || encryption.isTold === false) return {}
    const algorithm = encryption.algorithm === 'kms' && mode === 'aws' ? 'aws:kms' : encryption.algorithm
    return { [`${prefix}server-side-encryption`]: algorithm }
  }

  function className({ storageClass }: ObjectProperties): string {
    return storageClassName(storageClass, prefix)
  }
}

/** OBS has a canned grantee for everyone (esdk-obs-nodejs, lib/obsModel.js). */
function grants(acl: string): XmlNode[] {
  const permissions = [...(acl.startsWith('public-read') ? ['READ'] : []), ...(acl.includes('write') ? ['WRITE'] : [])]
  return [
    grant(['ID', USER_ID], 'FULL_CONTROL'),
    ...permissions.map((permission) => grant(['Canned', 'Everyone'], permission)),
  ]
}

function grant(grantee: XmlNode, permission: string): XmlNode {
  return [
    'Grant',
    [
      ['Grantee', [grantee]],
      ['Permission', permission],
    ],
  ]
}

const OWNERS: readonly XmlNode[] = [
  ['Initiator', [['ID', `domainID/${USER_ID}:userID/${USER_ID}`]]],
  ['Owner', [['ID', USER_ID]]],
]

/** The Node.js SDK sends this request unsigned before it uses the signature of OBS. */
function asksForVersion(call: Call): boolean {
  return call.method === 'HEAD' && call.hasParameter('apiversion') && call.header('authorization') === undefined
}

function hasOwnHeader(call: Call): boolean {
  return Object.keys(call.headers).some((name) => name.startsWith('x-obs-'))
}

function checkKey(key: string, { maxKeyBytes }: Limits): void {
  if (Buffer.byteLength(key) > maxKeyBytes) throw new Refusal('invalid-key', { MaxSizeAllowed: String(maxKeyBytes) })
}

function expiration(lastModified: string, days: number): string {
  const date = new Date(Date.parse(lastModified) + days * DAY_MS)
  return `expiry-date="${Number.isNaN(date.getTime()) ? 'never' : date.toUTCString()}"`
}
