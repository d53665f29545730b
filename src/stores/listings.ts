/** Requests and reads pages of listings. Names are decoded if the response contains the encoding. */
import { normalizeCrc64 } from '../checksum/decimal.js'
import type { XmlElement } from '../shared/text/xml.js'
import type { QueryParameter } from '../signing/signable-request.js'
import { plainEtag } from './object/etag.js'
import type {
  ListedObject,
  ListedPart,
  ListedUpload,
  ObjectsPage,
  ObjectsPageRequest,
  PartsPage,
  PartsPageRequest,
  UploadsPage,
  UploadsPageRequest,
} from './store-driver.js'

/** Returns the query for a page of parts. */
export function partsPageQuery({ limit, after }: PartsPageRequest): QueryParameter[] {
  return given({ 'max-parts': limit, 'part-number-marker': after })
}

/** Returns the query for a page of unfinished uploads. */
export function uploadsPageQuery({ prefix, delimiter, limit, after }: UploadsPageRequest): QueryParameter[] {
  return given({
    prefix: prefix === '' ? undefined : prefix,
    delimiter: delimiter === '' ? undefined : delimiter,
    'max-uploads': limit,
    'key-marker': after?.key,
    'upload-id-marker': after?.uploadId,
  })
}

/**
 * Returns the query for a page of objects, for ListObjectsV2 (OSS, S3) or ListObjects (OBS, which has no V2). Always
 * contains the page size: the default of OSS is 100 keys.
 */
export function objectsPageQuery(
  { prefix, delimiter, limit = 1000, after = { key: '' } }: ObjectsPageRequest,
  by: 'token' | 'marker',
): QueryParameter[] {
  const key = 'key' in after && after.key !== '' ? after.key : undefined
  const token = 'token' in after ? after.token : undefined
  return given({
    ...(by === 'token'
      ? { 'list-type': 2, 'start-after': key, 'continuation-token': token }
      : { marker: key ?? token }),
    prefix: prefix === '' ? undefined : prefix,
    delimiter: delimiter === '' ? undefined : delimiter,
    'max-keys': limit,
  })
}

function given(parameters: Readonly<Record<string, string | number | undefined>>): QueryParameter[] {
  return Object.entries(parameters).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]))
}

/** `checksumElement` is the name of the element with the service's checksum. Throws if an element is missing. */
export function readPartsPage(root: XmlElement, request: PartsPageRequest, checksumElement?: string): PartsPage {
  const parts = root.children('Part').map((element) => readPart(element, checksumElement))
  if (root.text('IsTruncated') !== 'true') return { parts }
  const after = wholeNumber(root, 'NextPartNumberMarker')
  if (after <= (request.after ?? 0)) throw new Error('the next page does not come after this one')
  return { parts, next: { ...request, after } }
}

function readPart(element: XmlElement, checksumElement: string | undefined): ListedPart {
  const checksum = checksumElement === undefined ? undefined : element.text(checksumElement)
  const crc64 = normalizeCrc64(element.text('HashCrc64ecma') ?? '')
  return {
    partNumber: wholeNumber(element, 'PartNumber'),
    etag: plainEtag(required(element, 'ETag')),
    size: wholeNumber(element, 'Size'),
    ...(checksum === undefined || checksum === '' ? {} : { checksum }),
    ...(crc64 === undefined ? {} : { crc64 }),
    ...date('lastModified', element.text('LastModified')),
  }
}

/** Throws if an element is missing. */
export function readUploadsPage(
  root: XmlElement,
  request: UploadsPageRequest,
  sortedBy: 'id' | 'time' = 'id',
): UploadsPage {
  const decode = root.text('EncodingType') === 'url' ? decodeFormText : (text: string) => text
  const { after: from } = request
  const uploads = root
    .children('Upload')
    .map((element) => ({
      key: decode(required(element, 'Key')),
      uploadId: required(element, 'UploadId'),
      ...date('initiated', element.text('Initiated')),
    }))
    // Ceph starts at a key without an upload ID; all others start after it.
    .filter(({ key }) => from === undefined || from.uploadId !== undefined || key !== from.key)
  const commonPrefixes = root.children('CommonPrefixes').map((element) => decode(required(element, 'Prefix')))
  if (root.text('IsTruncated') !== 'true') return { uploads, commonPrefixes }
  const uploadId = root.text('NextUploadIdMarker') ?? ''
  const marker = root.text('NextKeyMarker') ?? ''
  const after = marker === '' ? lastUpload(uploads) : { key: decode(marker), ...(uploadId === '' ? {} : { uploadId }) }
  if (from !== undefined && !leadsOn(from, after, sortedBy)) {
    throw new Error('the next page does not come after this one')
  }
  return { uploads, commonPrefixes, next: { ...request, after } }
}

/** Returns the marker of the last upload, as some servers omit the marker of the next page. */
function lastUpload(uploads: readonly ListedUpload[]): UploadsMarker {
  const last = uploads.at(-1)
  if (last === undefined) throw new Error('NextKeyMarker is missing')
  return { key: last.key, uploadId: last.uploadId }
}

type UploadsMarker = NonNullable<UploadsPageRequest['after']>

/**
 * Checks that the next page comes after this one. Listings are sorted by the bytes of keys, then by upload ID or by time of
 * initiation, which markers do not contain. If pages went back, listing would never end.
 */
function leadsOn(before: UploadsMarker, after: UploadsMarker, sortedBy: 'id' | 'time'): boolean {
  const order = Buffer.compare(Buffer.from(before.key), Buffer.from(after.key))
  if (order !== 0) return order < 0
  const { uploadId: idBefore = '' } = before
  const { uploadId: idAfter = '' } = after
  return sortedBy === 'id' ? idBefore < idAfter : idBefore !== idAfter
}

/**
 * Throws if an element is missing, a key does not have the prefix, or the next page is the same.
 * @param isTokenEncoded whether the service encodes tokens in the same way as names
 */
export function readObjectsPage(
  root: XmlElement,
  request: ObjectsPageRequest,
  { by, isTokenEncoded }: { by: 'token' | 'marker'; isTokenEncoded: boolean },
): ObjectsPage {
  const isEncoded = root.text('EncodingType') === 'url'
  const decode = isEncoded ? decodeFormText : (text: string) => text
  const objects = root.children('Contents').map((element) => readObject(element, decode))
  const commonPrefixes = root.children('CommonPrefixes').map((element) => decode(required(element, 'Prefix')))
  const { prefix = '', after } = request
  const others = [...objects.map(({ key }) => key), ...commonPrefixes].filter((name) => !name.startsWith(prefix))
  // Other objects could be mistaken for the requested ones, and deleted.
  if (others.length > 0) throw new Error(`it lists ${JSON.stringify(others[0])}, which does not start with the prefix`)
  if (root.text('IsTruncated') !== 'true') return { objects, commonPrefixes }
  const token =
    by === 'token' ? tokenOf(root, isEncoded && isTokenEncoded) : (markerOf(root, decode) ?? lastOf(objects))
  if (after !== undefined && 'token' in after && after.token === token) {
    throw new Error('the next page does not come after this one')
  }
  return { objects, commonPrefixes, next: { ...request, after: { token } } }
}

function readObject(element: XmlElement, decode: (text: string) => string): ListedObject {
  const storageClass = element.text('StorageClass') ?? ''
  return {
    key: decode(required(element, 'Key')),
    size: wholeNumber(element, 'Size'),
    etag: plainEtag(element.text('ETag') ?? ''),
    ...date('lastModified', element.text('LastModified')),
    ...(storageClass === '' ? {} : { storageClass }),
  }
}

/** Decodes a token. It is not form-encoded, so plus signs are unchanged. */
function tokenOf(root: XmlElement, isEncoded: boolean): string {
  const token = required(root, 'NextContinuationToken')
  return isEncoded ? decodeURIComponent(token) : token
}

function markerOf(root: XmlElement, decode: (text: string) => string): string | undefined {
  const marker = root.text('NextMarker') ?? ''
  return marker === '' ? undefined : decode(marker)
}

/** ListObjects may omit the marker if nothing is grouped: then it is the last key. */
function lastOf(objects: readonly ListedObject[]): string {
  const last = objects.at(-1)
  if (last === undefined) throw new Error('NextMarker is missing')
  return last.key
}

/** `encoding-type=url` is the encoding of HTML forms: a plus sign is a space. */
function decodeFormText(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '))
}

function required(element: XmlElement, name: string): string {
  const text = element.text(name)
  if (text === undefined || text === '') throw new Error(`${element.name} has no ${name}`)
  return text
}

function wholeNumber(element: XmlElement, name: string): number {
  const text = required(element, name)
  const value = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) throw new Error(`${name} is ${text}`)
  return value
}

/** Returns an object with the date under that name; an empty one if the text is not a date. */
export function date<Name extends string>(name: Name, text: string | undefined): { [key in Name]?: Date } {
  const time = Date.parse(text ?? '')
  return (Number.isNaN(time) ? {} : { [name]: new Date(time) }) as { [key in Name]?: Date }
}
