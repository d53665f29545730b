/**
 * Encryption with a customer key (SSE-C): each part and each read sends the key. The key is never stored, only its MD5,
 * to recognize it. Nothing is encrypted.
 */
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import type { Call } from '../../http/call.js'
import type { ObjectProperties } from '../../storage/stored-object.js'
import { denied, failed } from './claim-checks.js'

const ALGORITHM = 'server-side-encryption-customer-algorithm'
const KEY = 'server-side-encryption-customer-key'
const KEY_MD5 = 'server-side-encryption-customer-key-md5'

/** Returns what is stored about the request's key; empty if it has none. Throws for an incomplete key. */
export function readCustomerKey(call: Call, prefix: string): Record<string, string> {
  const [algorithm, key, md5] = [ALGORITHM, KEY, KEY_MD5].map((name) => call.header(`${prefix}${name}`))
  if (algorithm === undefined && key === undefined && md5 === undefined) return {}
  if (algorithm !== 'AES256') {
    throw failed('InvalidEncryptionAlgorithmError', 'The encryption request you specified is not valid.')
  }
  const bytes = Buffer.from(key ?? '', 'base64')
  if (bytes.length !== 32) throw failed('InvalidArgument', 'The secret key was invalid for the specified algorithm.')
  if (createHash('md5').update(bytes).digest('base64') !== md5) {
    throw failed('InvalidArgument', 'The calculated MD5 hash of the key did not match the hash that was provided.')
  }
  return { [ALGORITHM]: algorithm, [KEY_MD5]: md5 }
}

/** Throws unless a part has the same key as the initiation of its upload. */
export function checkPartKey(call: Call, prefix: string, { encryption }: ObjectProperties): void {
  const given = readCustomerKey(call, prefix)[KEY_MD5]
  if (given === encryption[KEY_MD5]) return
  throw failed(
    'InvalidRequest',
    given === undefined
      ? 'The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate encryption parameters.'
      : 'The provided encryption parameters did not match the ones used originally.',
  )
}

/** Throws unless a read has the key with which the object was written. */
export function checkReadKey(call: Call, prefix: string, { encryption }: ObjectProperties): void {
  const given = readCustomerKey(call, prefix)[KEY_MD5]
  const wanted = encryption[KEY_MD5]
  if (given === wanted) return
  if (wanted === undefined) {
    throw failed('InvalidRequest', 'The encryption parameters are not applicable to this object.')
  }
  if (given !== undefined) throw denied('AccessDenied', 'Access Denied')
  throw failed(
    'InvalidRequest',
    'The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.',
  )
}

/** Returns whether the ETag of the content is not its MD5. */
export function hidesMd5({ encryption }: ObjectProperties): boolean {
  return encryption[KEY_MD5] !== undefined || /kms/i.test(encryption['server-side-encryption'] ?? '')
}

/** Returns the ETag of such content: 32 hex digits that are not its MD5. */
export function opaqueEtag(md5: string): string {
  return createHash('md5').update(`encrypted ${md5}`).digest('hex')
}
