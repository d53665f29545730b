/**
 * An object's options as headers of OSS, each on the requests that take it: what the object is to be stands on
 * PutObject and InitiateMultipartUpload, its ACL and callback on CompleteMultipartUpload, and a part carries none of
 * them (protocol: the operations' pages of the API reference).
 */
import { KiB } from '../../shared/byte-size.js'
import { checkBoolean, checkInteger, checkOneOf } from '../../shared/check-option.js'
import { UploadError } from '../../shared/errors.js'
import { callbackParameters, callbackVariables, encodeCallbackPart } from '../object/callback.js'
import type { ObjectRequest } from '../dialect.js'
import { readEncryption, refuseEncryptionPart } from '../object/encryption-option.js'
import { basicHeaders, type HeaderPlaces, headersOn, refuseOptions, setAll } from '../object/object-headers.js'
import type { Callback, ObjectOptions } from '../object/object-options.js'

const PREFIX = 'x-oss-'

const ACLS = ['private', 'public-read', 'public-read-write', 'default'] as const
const STORAGE_CLASSES = ['Standard', 'IA', 'Archive', 'ColdArchive', 'DeepColdArchive'] as const
const ENCRYPTIONS = ['AES256', 'KMS', 'SM4'] as const

const PLACES: HeaderPlaces = new Map([
  ['x-oss-object-acl', ['put', 'complete']],
  ['x-oss-callback', ['put', 'complete']],
  ['x-oss-callback-var', ['put', 'complete']],
  ['x-oss-forbid-overwrite', ['put', 'initiate', 'complete']],
  ['x-oss-traffic-limit', ['put', 'part']],
  ['x-oss-request-payer', ['put', 'initiate', 'part', 'complete', 'read']],
])

const RESERVED = ['complete-all', 'content-sha256', 'copy-source', 'date', 'security-token']

/** Throws UploadError where an option is not acceptable. */
export function ossObjectHeaders(options: ObjectOptions, request: ObjectRequest): Record<string, string> {
  return headersOn(request, allHeaders(options), PLACES)
}

type Headers = [name: string, value: string][]

function allHeaders(options: ObjectOptions): Map<string, string> {
  refuseOptions(options, 'OSS', ['expireAfterDays'])
  const headers = basicHeaders(options, { prefix: PREFIX, reserved: RESERVED, maxMetadataBytes: 8 * KiB })
  const { acl, storageClass, serverSideEncryption, forbidOverwrite, callback, trafficLimit } = options
  if (acl !== undefined) headers.set('x-oss-object-acl', checkOneOf('acl', acl, ACLS))
  if (storageClass !== undefined) {
    headers.set('x-oss-storage-class', checkOneOf('storageClass', storageClass, STORAGE_CLASSES))
  }
  if (serverSideEncryption !== undefined) setAll(headers, encryptionHeaders(serverSideEncryption))
  if (forbidOverwrite !== undefined) {
    headers.set('x-oss-forbid-overwrite', String(checkBoolean('forbidOverwrite', forbidOverwrite)))
  }
  if (callback !== undefined) setAll(headers, callbackHeaders(callback))
  if (trafficLimit !== undefined) {
    const limit = checkInteger('trafficLimit', trafficLimit, 245_760, 838_860_800, 'bit/s')
    headers.set('x-oss-traffic-limit', String(limit))
  }
  return headers
}

function encryptionHeaders(option: unknown): Headers {
  const encryption = readEncryption(option, ENCRYPTIONS)
  if (encryption.by === 'caller') {
    throw new UploadError(
      'INVALID_OPTION',
      "serverSideEncryption.customerKey is set: OSS takes no keys of the caller's own",
    )
  }
  const { algorithm, keyId, dataEncryption } = encryption
  const headers: Headers = [['x-oss-server-side-encryption', algorithm]]
  if (algorithm !== 'KMS') {
    refuseEncryptionPart('keyId', keyId, "it goes with 'KMS' alone")
    refuseEncryptionPart('dataEncryption', dataEncryption, "it goes with 'KMS' alone")
  }
  if (keyId !== undefined) headers.push(['x-oss-server-side-encryption-key-id', keyId])
  if (dataEncryption !== undefined) {
    const name = 'serverSideEncryption.dataEncryption'
    headers.push(['x-oss-server-side-data-encryption', checkOneOf(name, dataEncryption, ['SM4'])])
  }
  return headers
}

function callbackHeaders(callback: Callback): Headers {
  const parameters = callbackParameters(callback)
  const { sni, variables } = callback
  if (sni !== undefined) parameters['callbackSNI'] = checkBoolean('callback.sni', sni)
  const headers: Headers = [['x-oss-callback', encodeCallbackPart('callback', parameters)]]
  if (variables !== undefined) {
    const encoded = encodeCallbackPart('callback.variables', callbackVariables(variables))
    headers.push(['x-oss-callback-var', encoded])
  }
  return headers
}
