import { parseCrc64 } from '../checksum/decimal.js'
import type { Dialect } from './dialect.js'
import type { ObjectHead } from './store-driver.js'

/** What the headers of HeadObject and GetObject say. Throws where they do not say how large the object is. */
export function readObjectHead(headers: Record<string, string>, dialect: Dialect): ObjectHead {
  const size = sizeOf(headers)
  const crc64 = parseCrc64(headers[dialect.crc64Header] ?? '')
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
    ...(crc64 === undefined ? {} : { crc64 }),
    ...(versionId === undefined ? {} : { versionId }),
    ...(contentType === undefined ? {} : { contentType }),
    ...(Number.isNaN(lastModified) ? {} : { lastModified: new Date(lastModified) }),
    metadata: Object.fromEntries(metadata),
    headers,
    requestId: headers[dialect.requestIdHeader] ?? '',
  }
}

/** Of the whole object, also where a range of it was asked for. */
function sizeOf(headers: Record<string, string>): number {
  const text = /\/(\d+)$/.exec(headers['content-range'] ?? '')?.[1] ?? headers['content-length']
  if (text === undefined || !/^\d+$/.test(text)) throw new Error('no Content-Length')
  return Number(text)
}
