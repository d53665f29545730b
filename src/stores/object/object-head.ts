import type { Checksum } from '../../checksum/checksum.js'
import { normalizeCrc64 } from '../../checksum/decimal.js'
import type { Dialect } from '../dialect.js'
import { plainEtag } from './etag.js'
import type { ObjectHead, StoredObject, ToldEncryption } from '../store-driver.js'

/** Reads the headers of HeadObject and GetObject. Throws if they do not contain the size of the object. */
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
  const storageClass = headers[`${dialect.headerPrefix}storage-class`]
  const serverSideEncryption = encryptionOf(headers, dialect)
  const tagCount = headers[`${dialect.headerPrefix}tagging-count`]
  const metadataPrefix = `${dialect.headerPrefix}meta-`
  const metadata = Object.entries(headers)
    .filter(([name]) => name.startsWith(metadataPrefix))
    .map(([name, value]) => [name.slice(metadataPrefix.length), value] as const)
  return {
    size,
    etag: plainEtag(headers['etag'] ?? ''),
    ...checksumFacts(checksum),
    ...(uploadId === undefined ? {} : { uploadId }),
    ...(versionId === undefined ? {} : { versionId }),
    ...(contentType === undefined ? {} : { contentType }),
    ...(Number.isNaN(lastModified) ? {} : { lastModified: new Date(lastModified) }),
    metadata: Object.fromEntries(metadata),
    ...(storageClass === undefined ? {} : { storageClass: optionWord(storageClass, dialect) }),
    ...(serverSideEncryption === undefined ? {} : { serverSideEncryption }),
    ...(tagCount !== undefined && /^\d+$/.test(tagCount) ? { tagCount: Number(tagCount) } : {}),
    headers,
    requestId: headers[dialect.requestIdHeader] ?? '',
  }
}

/** Returns the checksum, and for a CRC-64/XZ also `crc64`. */
export function checksumFacts(checksum: Checksum | undefined): Pick<StoredObject, 'checksum' | 'crc64'> {
  if (checksum === undefined) return {}
  const crc64 = checksum.algorithm === 'crc64ecma' ? normalizeCrc64(checksum.value) : undefined
  return { checksum, ...(crc64 === undefined ? {} : { crc64 }) }
}

/** Each service has its own name for the header with the key ID. */
const KEY_ID_HEADERS = ['-key-id', '-kms-key-id', '-aws-kms-key-id']

function encryptionOf(headers: Record<string, string>, dialect: Dialect): ToldEncryption | undefined {
  const prefix = `${dialect.headerPrefix}server-side-encryption`
  const customerAlgorithm = headers[`${prefix}-customer-algorithm`]
  if (customerAlgorithm !== undefined) return { algorithm: customerAlgorithm, isCustomerKey: true }
  const algorithm = headers[prefix]
  if (algorithm === undefined) return undefined
  const keyId = KEY_ID_HEADERS.map((name) => headers[prefix + name]).find((id) => id !== undefined)
  const dataEncryption = headers[`${dialect.headerPrefix}server-side-data-encryption`]
  return {
    algorithm: optionWord(algorithm, dialect),
    ...(keyId === undefined ? {} : { keyId }),
    ...(dataEncryption === undefined ? {} : { dataEncryption }),
  }
}

/** Converts a value of the service, such as a storage class, to that of the option. */
export function optionWord(word: string, { optionWords }: Dialect): string {
  return optionWords?.get(word) ?? word
}

/** Returns the size of the whole object, even if a range of it was requested. */
function sizeOf(headers: Record<string, string>): number {
  const text = /\/(\d+)$/.exec(headers['content-range'] ?? '')?.[1] ?? headers['content-length']
  if (text === undefined || !/^\d+$/.test(text)) throw new Error('no Content-Length')
  return Number(text)
}
