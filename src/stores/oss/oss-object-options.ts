/**
 * The options of an object on OSS (the API reference's PutObject, InitiateMultipartUpload, UploadPart and
 * CompleteMultipartUpload).
 */
import { KiB } from '../../shared/byte-size.js'
import { checkBoolean, checkInteger, checkOneOf } from '../../shared/check-option.js'
import { UploadError } from '../../shared/errors.js'
import { callbackParameters, callbackVariables, encodeCallbackPart } from '../object/callback.js'
import { commonOptions } from '../object/common-options.js'
import { readEncryption, refuseEncryptionPart } from '../object/encryption-option.js'
import type { Callback } from '../object/object-options.js'
import {
  CONTENT,
  CREATION,
  header,
  headers,
  notSupported,
  type OptionTable,
  PUBLICATION,
} from '../object/option-table.js'

const PREFIX = 'x-oss-'

const ACLS = ['private', 'public-read', 'public-read-write', 'default'] as const
const STORAGE_CLASSES = ['Standard', 'IA', 'Archive', 'ColdArchive', 'DeepColdArchive'] as const
const ENCRYPTIONS = ['AES256', 'KMS', 'SM4'] as const

const RESERVED = ['complete-all', 'content-sha256', 'copy-source', 'date', 'security-token']

export const OSS_OBJECT_OPTIONS: OptionTable = {
  service: 'OSS',
  everywhere: ['x-oss-request-payer'],
  rules: {
    ...commonOptions({ prefix: PREFIX, reserved: RESERVED, maxMetadataBytes: 8 * KiB }),
    acl: header('x-oss-object-acl', PUBLICATION, (acl) => checkOneOf('acl', acl, ACLS)),
    storageClass: header('x-oss-storage-class', CREATION, (storageClass) =>
      checkOneOf('storageClass', storageClass, STORAGE_CLASSES),
    ),
    serverSideEncryption: headers({}, encryptionHeaders),
    ifMatch: notSupported('it has no conditional writes; turn on versioning to keep replaced objects'),
    forbidOverwrite: header('x-oss-forbid-overwrite', ['put', 'initiate', 'complete'], (forbid) =>
      String(checkBoolean('forbidOverwrite', forbid)),
    ),
    callback: headers({ 'x-oss-callback': PUBLICATION, 'x-oss-callback-var': PUBLICATION }, callbackHeaders),
    trafficLimit: header('x-oss-traffic-limit', CONTENT, (limit) =>
      String(checkInteger('trafficLimit', limit, 245_760, 838_860_800, 'bit/s')),
    ),
    expireAfterDays: notSupported(),
  },
}

type Headers = [name: string, value: string][]

function encryptionHeaders(option: unknown): Headers {
  const encryption = readEncryption(option, ENCRYPTIONS)
  if (encryption.by === 'caller') {
    throw new UploadError(
      'INVALID_OPTION',
      "serverSideEncryption.customerKey must be left out: OSS takes no keys of the caller's own",
    )
  }
  const { algorithm, keyId, dataEncryption } = encryption
  const found: Headers = [['x-oss-server-side-encryption', algorithm]]
  if (algorithm !== 'KMS') {
    refuseEncryptionPart('keyId', keyId, "it goes with 'KMS' alone")
    refuseEncryptionPart('dataEncryption', dataEncryption, "it goes with 'KMS' alone")
  }
  if (keyId !== undefined) found.push(['x-oss-server-side-encryption-key-id', keyId])
  if (dataEncryption !== undefined) {
    const name = 'serverSideEncryption.dataEncryption'
    found.push(['x-oss-server-side-data-encryption', checkOneOf(name, dataEncryption, ['SM4'])])
  }
  return found
}

function callbackHeaders(callback: Callback): Headers {
  const parameters = callbackParameters(callback, { maxUrls: 5, placeholders: '{}' })
  const { sni, variables } = callback
  if (sni !== undefined) parameters['callbackSNI'] = checkBoolean('callback.sni', sni)
  const found: Headers = [['x-oss-callback', encodeCallbackPart('callback', parameters)]]
  if (variables !== undefined) {
    const encoded = encodeCallbackPart('callback.variables', callbackVariables(variables))
    found.push(['x-oss-callback-var', encoded])
  }
  return found
}
