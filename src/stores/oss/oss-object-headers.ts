/**
 * An object's options as headers of OSS, each on the requests that take it: what the object is to be stands on
 * PutObject and InitiateMultipartUpload, its ACL and callback on CompleteMultipartUpload, and a part carries none of
 * them (protocol: the operations' pages of the API reference).
 */
import {
  checkBoolean,
  checkInteger,
  checkNames,
  checkObject,
  checkOneOf,
  checkRecord,
  checkString,
  invalidOption,
} from '../../shared/check-option.js'
import { KiB } from '../../shared/byte-size.js'
import { percentEncode } from '../../signing/percent-encoding.js'
import type { ObjectRequest } from '../dialect.js'
import { checkHeaders, checkHeaderValue, metadataHeaders } from '../header-checks.js'
import type { Callback, ObjectOptions, ServerSideEncryption } from '../object-options.js'

const ACLS = ['private', 'public-read', 'public-read-write', 'default'] as const
const STORAGE_CLASSES = ['Standard', 'IA', 'Archive', 'ColdArchive', 'DeepColdArchive'] as const
const ENCRYPTIONS = ['AES256', 'KMS', 'SM4'] as const
const CALLBACK_NAMES = ['url', 'body', 'host', 'bodyType', 'sni', 'variables'] as const
const CALLBACK_BODY_TYPES = ['application/x-www-form-urlencoded', 'application/json'] as const

/** Where a header goes that does not go where most do: on `put` and `initiate`. */
const REQUESTS_OF_HEADER: ReadonlyMap<string, readonly ObjectRequest[]> = new Map([
  ['x-oss-object-acl', ['put', 'complete']],
  ['x-oss-callback', ['put', 'complete']],
  ['x-oss-callback-var', ['put', 'complete']],
  ['x-oss-forbid-overwrite', ['put', 'initiate', 'complete']],
  ['x-oss-traffic-limit', ['put', 'part']],
  ['x-oss-request-payer', ['put', 'initiate', 'part', 'complete']],
])

/** Headers that belong to this library, or to another option. */
const RESERVED = new Set([
  'authorization',
  'connection',
  'content-length',
  'content-md5',
  'date',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
  'x-oss-complete-all',
  'x-oss-content-sha256',
  'x-oss-copy-source',
  'x-oss-date',
  'x-oss-security-token',
])

/** Throws UploadError where an option is not acceptable. */
export function ossObjectHeaders(options: ObjectOptions, request: ObjectRequest): Record<string, string> {
  const here = [...allHeaders(options)].filter(([name]) =>
    (REQUESTS_OF_HEADER.get(name) ?? ['put', 'initiate']).includes(request),
  )
  return Object.fromEntries(here)
}

function allHeaders(options: ObjectOptions): Map<string, string> {
  const headers = options.headers === undefined ? new Map<string, string>() : checkHeaders('headers', options.headers)
  for (const name of headers.keys()) {
    if (RESERVED.has(name)) throw invalidOption('a name in headers', name, 'it is set by the library itself')
  }
  const set = (further: Iterable<readonly [string, string]>): void => {
    for (const [name, value] of further) headers.set(name, value)
  }
  const { contentType, metadata, acl, storageClass, tagging, forbidOverwrite, callback, trafficLimit } = options
  const { serverSideEncryption, contentMd5 } = options
  const type = contentType ?? headers.get('content-type') ?? 'application/octet-stream'
  headers.set('content-type', checkString('contentType', checkHeaderValue('contentType', type)))
  if (metadata !== undefined) set(metadataHeaders('x-oss-meta-', metadata, 8 * KiB))
  if (acl !== undefined) headers.set('x-oss-object-acl', checkOneOf('acl', acl, ACLS))
  if (storageClass !== undefined) {
    headers.set('x-oss-storage-class', checkOneOf('storageClass', storageClass, STORAGE_CLASSES))
  }
  if (tagging !== undefined) set(taggingHeaders(tagging))
  if (serverSideEncryption !== undefined) set(encryptionHeaders(serverSideEncryption))
  if (forbidOverwrite !== undefined) {
    headers.set('x-oss-forbid-overwrite', String(checkBoolean('forbidOverwrite', forbidOverwrite)))
  }
  if (callback !== undefined) set(callbackHeaders(callback))
  if (trafficLimit !== undefined) {
    const limit = checkInteger('trafficLimit', trafficLimit, 245_760, 838_860_800, 'bit/s')
    headers.set('x-oss-traffic-limit', String(limit))
  }
  // The header itself belongs to each body.
  if (contentMd5 !== undefined) checkBoolean('contentMd5', contentMd5)
  return headers
}

type Headers = [name: string, value: string][]

function taggingHeaders(tagging: unknown): Headers {
  const tags = Object.entries(checkRecord('tagging', tagging))
  if (tags.length > 10) throw invalidOption('tagging', `${tags.length} tags long`, 'accepted are up to 10 tags')
  const pairs = tags.map(([name, value]) => {
    checkLength('a name in tagging', name, 1, 128)
    if (typeof value !== 'string') throw invalidOption(`tagging[${JSON.stringify(name)}]`, value, 'accepted is text')
    checkLength(`tagging[${JSON.stringify(name)}]`, value, 0, 256)
    return `${percentEncode(name)}=${percentEncode(value)}`
  })
  return pairs.length === 0 ? [] : [['x-oss-tagging', pairs.join('&')]]
}

function checkLength(name: string, value: string, min: number, max: number): void {
  const length = Buffer.byteLength(value)
  if (length < min || length > max || !value.isWellFormed()) {
    throw invalidOption(name, value, `accepted are ${min} to ${max} bytes of UTF-8`)
  }
}

function encryptionHeaders(option: string | ServerSideEncryption): Headers {
  const { algorithm, keyId, dataEncryption } = typeof option === 'string' ? { algorithm: option } : encryption(option)
  const checked = checkOneOf('serverSideEncryption', algorithm, ENCRYPTIONS)
  const headers: Headers = [['x-oss-server-side-encryption', checked]]
  if (checked !== 'KMS' && (keyId !== undefined || dataEncryption !== undefined)) {
    throw invalidOption('serverSideEncryption', checked, "keyId and dataEncryption go with 'KMS' alone")
  }
  if (keyId !== undefined) {
    const name = 'serverSideEncryption.keyId'
    headers.push(['x-oss-server-side-encryption-key-id', checkHeaderValue(name, checkString(name, keyId))])
  }
  if (dataEncryption !== undefined) {
    const name = 'serverSideEncryption.dataEncryption'
    headers.push(['x-oss-server-side-data-encryption', checkOneOf(name, dataEncryption, ['SM4'])])
  }
  return headers
}

function encryption(option: ServerSideEncryption): Partial<ServerSideEncryption> {
  const checked = checkObject('serverSideEncryption', option)
  checkNames('serverSideEncryption', checked, ['algorithm', 'keyId', 'dataEncryption'])
  return checked
}

function callbackHeaders(callback: Callback): Headers {
  checkNames('callback', checkObject('callback', callback), CALLBACK_NAMES)
  const { url, body, host, bodyType, sni, variables } = callback
  const urls = typeof url === 'string' ? [url] : url
  if (!Array.isArray(urls) || urls.length < 1 || urls.length > 5) {
    throw invalidOption('callback.url', url, 'accepted is a URL, or a list of up to 5')
  }
  for (const item of urls) checkCallbackUrl(item)
  const parameters: Record<string, unknown> = {
    callbackUrl: urls.join(';'),
    callbackBody: checkString('callback.body', body),
    callbackBodyType: checkOneOf(
      'callback.bodyType',
      bodyType ?? 'application/x-www-form-urlencoded',
      CALLBACK_BODY_TYPES,
    ),
  }
  if (host !== undefined) parameters['callbackHost'] = checkString('callback.host', host)
  if (sni !== undefined) parameters['callbackSNI'] = checkBoolean('callback.sni', sni)
  const headers: Headers = [['x-oss-callback', encodeParameter('callback', parameters)]]
  if (variables !== undefined) {
    const encoded = encodeParameter('callback.variables', callbackVariables(variables))
    headers.push(['x-oss-callback-var', encoded])
  }
  return headers
}

function checkCallbackUrl(url: unknown): void {
  if (typeof url === 'string' && URL.canParse(url) && /^https?:$/.test(new URL(url).protocol) && !url.includes(';'))
    return
  throw invalidOption('callback.url', url, 'accepted are http and https URLs without a semicolon')
}

function callbackVariables(variables: unknown): Record<string, string> {
  const checked: Record<string, string> = {}
  for (const [name, value] of Object.entries(checkRecord('callback.variables', variables))) {
    const full = name.startsWith('x:') ? name : `x:${name}`
    if (!/^x:[a-z0-9_-]+$/.test(full)) {
      throw invalidOption('a name in callback.variables', name, 'accepted are a-z 0-9 _ and -')
    }
    if (typeof value !== 'string') {
      throw invalidOption(`callback.variables[${JSON.stringify(name)}]`, value, 'accepted is text')
    }
    checked[full] = value
  }
  return checked
}

function encodeParameter(name: string, parameters: Record<string, unknown>): string {
  const encoded = Buffer.from(JSON.stringify(parameters)).toString('base64')
  if (encoded.length > 5 * KiB) {
    throw invalidOption(name, `${encoded.length} bytes long`, 'accepted are 5 KiB, encoded in base64')
  }
  return encoded
}
