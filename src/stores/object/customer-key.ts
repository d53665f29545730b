/**
 * Encryption with a customer key (SSE-C). The key is sent with every request that reads or writes the bytes. No message
 * contains any part of it.
 */
import { createHash } from 'node:crypto'
import { types } from 'node:util'
import { UploadError } from '../../shared/errors.js'
import type { ObjectRequest } from './option-table.js'

const NAMES = ['algorithm', 'key', 'key-md5'] as const

/** The names of the headers, without the service's prefix. */
export const CUSTOMER_KEY_HEADERS: readonly string[] = NAMES.map((name) => `server-side-encryption-customer-${name}`)

/** The requests that carry them. */
export function customerKeyPlaces(
  prefix: string,
  requests: readonly ObjectRequest[],
): Record<string, readonly ObjectRequest[]> {
  return Object.fromEntries(CUSTOMER_KEY_HEADERS.map((name) => [prefix + name, requests]))
}

/** `isConfidential`: whether nobody on the network can read the requests. Throws UploadError. */
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
      'serverSideEncryption.customerKey must not be sent over plain HTTP, where anyone on the network could read it: use an https endpoint',
    )
  }
  const [algorithm = '', name = '', md5 = ''] = CUSTOMER_KEY_HEADERS
  return [
    [prefix + algorithm, 'AES256'],
    [prefix + name, key.toString('base64')],
    [prefix + md5, createHash('md5').update(key).digest('base64')],
  ]
}

/** Returns whether the request had a key but the response does not confirm the encryption, as all services do. */
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
