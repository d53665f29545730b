/**
 * Encryption with a key of the caller's own (SSE-C). The key is sent with every request that touches the bytes, and
 * nowhere else: no message here shows any of it.
 */
import { createHash } from 'node:crypto'
import { types } from 'node:util'
import { UploadError } from '../../shared/errors.js'
import type { ObjectRequest } from './option-table.js'

const NAMES = ['algorithm', 'key', 'key-md5'] as const

/** The names of the headers, without the service's prefix. */
export const CUSTOMER_KEY_HEADERS: readonly string[] = NAMES.map((name) => `server-side-encryption-customer-${name}`)

/** Where they go. */
export function customerKeyPlaces(
  prefix: string,
  requests: readonly ObjectRequest[],
): Record<string, readonly ObjectRequest[]> {
  return Object.fromEntries(CUSTOMER_KEY_HEADERS.map((name) => [prefix + name, requests]))
}

/** `isConfidential`: whether what is sent cannot be read on the way. Throws UploadError. */
export function customerKeyHeaders(
  prefix: string,
  customerKey: unknown,
  isConfidential: boolean,
): [name: string, value: string][] {
  const key = bytesOf(customerKey)
  if (key?.length !== 32) {
    throw new UploadError(
      'INVALID_OPTION',
      'serverSideEncryption.customerKey must be 32 bytes as Uint8Array, or their base64',
    )
  }
  if (!isConfidential) {
    throw new UploadError(
      'INVALID_OPTION',
      'serverSideEncryption.customerKey: the endpoint is plain HTTP, where anybody on the way could read the key; use https',
    )
  }
  const [algorithm = '', name = '', md5 = ''] = CUSTOMER_KEY_HEADERS
  return [
    [prefix + algorithm, 'AES256'],
    [prefix + name, key.toString('base64')],
    [prefix + md5, createHash('md5').update(key).digest('base64')],
  ]
}

/** Whether the request had a key, and the response does not say that the object is encrypted with it, as all services do. */
export function isKeyIgnored(
  sent: Readonly<Record<string, string>>,
  received: Readonly<Record<string, string>>,
  prefix: string,
): boolean {
  const name = `${prefix}server-side-encryption-customer-algorithm`
  return name in sent && received[name] === undefined
}

function bytesOf(key: unknown): Buffer | undefined {
  if (types.isUint8Array(key)) return Buffer.from(key)
  if (typeof key !== 'string') return undefined
  const bytes = Buffer.from(key, 'base64')
  return bytes.toString('base64') === key ? bytes : undefined
}
