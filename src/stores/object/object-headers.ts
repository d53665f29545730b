/**
 * What all services share in turning an object's options into headers. A service's own file says which of its headers
 * there are, what they accept, and which requests carry them.
 */
import { checkBoolean, checkRecord, checkString, invalidOption } from '../../shared/check-option.js'
import { UploadError } from '../../shared/errors.js'
import { percentEncode } from '../../signing/percent-encoding.js'
import type { ObjectRequest } from '../dialect.js'
import { checkHeaders, checkHeaderValue, metadataHeaders } from './header-checks.js'
import type { ObjectOptions } from './object-options.js'

/** Where a header goes that does not go where most do: on `put` and `initiate`. */
export type HeaderPlaces = ReadonlyMap<string, readonly ObjectRequest[]>

/** Headers of HTTP that belong to this library, or to an option of their own. */
const RESERVED: ReadonlySet<string> = new Set([
  'authorization',
  'connection',
  'content-length',
  'content-md5',
  'date',
  'expect',
  'host',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-unmodified-since',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
])

export function headersOn(
  request: ObjectRequest,
  headers: ReadonlyMap<string, string>,
  places: HeaderPlaces,
): Record<string, string> {
  const here = [...headers].filter(([name]) => (places.get(name) ?? ['put', 'initiate']).includes(request))
  return Object.fromEntries(here)
}

/**
 * `headers`, `contentType`, `metadata` and `tagging`, which all services have. `prefix` is of the service's own headers;
 * `reserved` are those of them, written without it, that the library sets.
 */
export function basicHeaders(
  options: ObjectOptions,
  service: { prefix: string; reserved: readonly string[]; maxMetadataBytes: number },
): Map<string, string> {
  const { prefix } = service
  const { metadata, tagging, contentMd5 } = options
  const headers = options.headers === undefined ? new Map<string, string>() : checkHeaders('headers', options.headers)
  for (const name of headers.keys()) {
    const isReserved = name.startsWith(prefix)
      ? service.reserved.includes(name.slice(prefix.length))
      : RESERVED.has(name)
    if (isReserved) throw invalidOption('a name in headers', name, 'it is set by the library itself')
  }
  const type = options.contentType ?? headers.get('content-type') ?? 'application/octet-stream'
  headers.set('content-type', checkString('contentType', checkHeaderValue('contentType', type)))
  if (metadata !== undefined) {
    setAll(headers, metadataHeaders(`${prefix}meta-`, metadata, service.maxMetadataBytes))
  }
  const tags = tagging === undefined ? '' : formatTagging(tagging)
  if (tags !== '') headers.set(`${prefix}tagging`, tags)
  // The header itself belongs to each body.
  if (contentMd5 !== undefined) checkBoolean('contentMd5', contentMd5)
  return headers
}

export function setAll(headers: Map<string, string>, further: Iterable<readonly [string, string]>): void {
  for (const [name, value] of further) headers.set(name, value)
}

/** Throws UploadError where an option is set that the service does not have. */
export function refuseOptions(options: ObjectOptions, service: string, names: readonly (keyof ObjectOptions)[]): void {
  for (const name of names) {
    const value = options[name]
    if (value === undefined || value === false) continue
    throw new UploadError('INVALID_OPTION', `${name} is set: ${service} has nothing of that kind; leave it out`)
  }
}

function formatTagging(tagging: unknown): string {
  const tags = Object.entries(checkRecord('tagging', tagging))
  if (tags.length > 10) throw invalidOption('tagging', `${tags.length} tags long`, 'accepted are up to 10 tags')
  return tags
    .map(([name, value]) => {
      checkLength('a name in tagging', name, 1, 128)
      if (typeof value !== 'string') throw invalidOption(`tagging[${JSON.stringify(name)}]`, value, 'accepted is text')
      checkLength(`tagging[${JSON.stringify(name)}]`, value, 0, 256)
      return `${percentEncode(name)}=${percentEncode(value)}`
    })
    .join('&')
}

function checkLength(name: string, value: string, min: number, max: number): void {
  const length = Buffer.byteLength(value)
  if (length < min || length > max || !value.isWellFormed()) {
    throw invalidOption(name, value, `accepted are ${min} to ${max} bytes of UTF-8`)
  }
}
