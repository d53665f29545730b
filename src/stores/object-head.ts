import type { Checksum } from '../checksum/checksum.js'
import { parseCrc64 } from '../checksum/decimal.js'
import type { Dialect } from './dialect.js'
import type { ObjectHead, StoredObject } from './store-driver.js'

/** What the headers of HeadObject and GetObject say. Throws where they do not say how large the object is. */
export function readObjectHead(
  headers: Record<string, string>,
  dialect: Dialect,
  checksum: Checksum | undefined,
): ObjectHead {
  const size = sizeOf(headers)
  const uploadId = headers[`${dialect.headerPrefix}uploadid`]
  const versionId = headers[`${dialect.headerPrefix}version-id`]
  const contentType = headers['content-type']
  const lastModified = Date.parse(headers['last-modified'] ?? '')
  const metadataPrefix = `${dialect.headerPrefix}meta-`
  const metadata = Object.entries(headers)
    .filter(([name]) => name.startsWith(metadataPrefix))
    .map(([name, value]) => [name.slice(metadataPrefix.length), value] as const)
  return {
    size,
    etag: headers['etag'] ?? '',
    ...checksumFacts(checksum),
    ...(uploadId === undefined ? {} : { uploadId }),
    ...(versionId === undefined ? {} : { versionId }),
    ...(contentType === undefined ? {} : { contentType }),
    ...(Number.isNaN(lastModified) ? {} : { lastModified: new Date(lastModified) }),
    metadata: Object.fromEntries(metadata),
    headers,
    requestId: headers[dialect.requestIdHeader] ?? '',
  }
}

/** A CRC-64/XZ is told as a number too. */
export function checksumFacts(checksum: Checksum | undefined): Pick<StoredObject, 'checksum' | 'crc64'> {
  if (checksum === undefined) return {}
  const crc64 = checksum.algorithm === 'crc64ecma' ? parseCrc64(checksum.value) : undefined
  return { checksum, ...(crc64 === undefined ? {} : { crc64 }) }
}

/** Of the whole object, also where a range of it was asked for. */
function sizeOf(headers: Record<string, string>): number {
  const text = /\/(\d+)$/.exec(headers['content-range'] ?? '')?.[1] ?? headers['content-length']
  if (text === undefined || !/^\d+$/.test(text)) throw new Error('no Content-Length')
  return Number(text)
}
