/**
 * An object's options as headers of OSS, each on the requests that take it: what the object is to be stands on
 * PutObject and InitiateMultipartUpload, its ACL and callback on CompleteMultipartUpload, and a part carries none of
 * them (protocol: the operations' pages of the API reference).
 */
import { KiB } from '../../shared/byte-size.js'
import { checkBoolean, checkInteger, checkOneOf } from '../../shared/check-option.js'
import { UploadError } from '../../shared/errors.js'
import { callbackParameters, callbackVariables, encodeCallbackPart } from '../callback.js'
import type { ObjectRequest } from '../dialect.js'
import { readEncryption, refuseEncryptionPart } from '../encryption-option.js'
import { basicHeaders, type HeaderPlaces, headersOn, refuseOptions } from '../object-headers.js'
import type { Callback, ObjectOptions } from '../object-options.js'

const PREFIX = 'x-oss-'

const ACLS = ['private', 'public-read', 'public-read-write', 'default'] as const
const STORAGE_CLASSES = ['Standard', 'IA', 'Archive', 'ColdArchive', 'DeepColdArchive'] as const
const ENCRYPTIONS = ['AES256', 'KMS', 'SM4'] as const

const PLACES: HeaderPlaces = {
  'x-oss-object-acl': ['put', 'complete'],
  'x-oss-callback': ['put', 'complete'],
  'x-oss-callback-var': ['put', 'complete'],
  'x-oss-forbid-overwrite': ['put', 'initiate', 'complete'],
  'x-oss-traffic-limit': ['put', 'part'],
  'x-oss-request-payer': ['put', 'initiate', 'part', 'complete', 'read'],
}

const RESERVED = ['complete-all', 'content-sha256', 'copy-source', 'date', 'security-token']

/** Throws UploadError where an option is not acceptable. */
export function ossObjectHeaders(options: ObjectOptions, request: ObjectRequest): Record<string, string> {
  return headersOn(request, allHeaders(options), PLACES)
}

function allHeaders(options: ObjectOptions): Record<string, string> {
  refuseOptions(options, 'OSS', ['expireAfterDays'])
  const headers = basicHeaders(options, { prefix: PREFIX, reserved: RESERVED, maxMetadataBytes: 8 * KiB })
  const { acl, storageClass, serverSideEncryption, forbidOverwrite, callback, trafficLimit } = options
  if (acl !== undefined) headers['x-oss-object-acl'] = checkOneOf('acl', acl, ACLS)
  if (storageClass !== undefined) {
    headers['x-oss-storage-class'] = checkOneOf('storageClass', storageClass, STORAGE_CLASSES)
  }
  if (serverSideEncryption !== undefined) Object.assign(headers, encryptionHeaders(serverSideEncryption))
  if (forbidOverwrite !== undefined) {
    headers['x-oss-forbid-overwrite'] = String(checkBoolean('forbidOverwrite', forbidOverwrite))
  }
  if (callback !== undefined) Object.assign(headers, callbackHeaders(callback))
  if (trafficLimit !== undefined) {
    headers['x-oss-traffic-limit'] = String(checkInteger('trafficLimit', trafficLimit, 245_760, 838_860_800, 'bit/s'))
  }
  return headers
}

function encryptionHeaders(option: unknown): Record<string, string> {
  const encryption = readEncryption(option, ENCRYPTIONS)
  if (encryption.by === 'caller') {
    throw new UploadError(
      'INVALID_OPTION',
      "serverSideEncryption.customerKey is set: OSS takes no keys of the caller's own",
    )
  }
  const { algorithm, keyId, dataEncryption } = encryption
  if (algorithm !== 'KMS') {
    refuseEncryptionPart('keyId', keyId, "it goes with 'KMS'")
    refuseEncryptionPart('dataEncryption', dataEncryption, "it goes with 'KMS'")
  }
  return {
    'x-oss-server-side-encryption': algorithm,
    ...(keyId === undefined ? {} : { 'x-oss-server-side-encryption-key-id': keyId }),
    ...(dataEncryption === undefined
      ? {}
      : {
          'x-oss-server-side-data-encryption': checkOneOf('serverSideEncryption.dataEncryption', dataEncryption, [
            'SM4',
          ]),
        }),
  }
}

function callbackHeaders(callback: Callback): Record<string, string> {
  const { sni, variables } = callback
  const parameters = callbackParameters(callback)
  if (sni !== undefined) parameters['callbackSNI'] = checkBoolean('callback.sni', sni)
  const headers = { 'x-oss-callback': encodeCallbackPart('callback', parameters) }
  if (variables === undefined) return headers
  return { ...headers, 'x-oss-callback-var': encodeCallbackPart('callback.variables', callbackVariables(variables)) }
}
