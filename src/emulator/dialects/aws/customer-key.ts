/**
 * Encryption with a key that the client keeps (SSE-C): the key comes along with each part and each reading. It is never
 * stored; its MD5 is, to know it again. Nothing is encrypted.
 */
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import type { Call } from '../../http/call.js'
import type { ObjectProperties } from '../../storage/stored-object.js'
import { denied, failed } from './claim-checks.js'

const ALGORITHM = 'server-side-encryption-customer-algorithm'
const KEY = 'server-side-encryption-customer-key'
const KEY_MD5 = 'server-side-encryption-customer-key-md5'

/** What is remembered of the key that the request brings; empty when it brings none. Throws for half a key. */
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

/** Throws unless a part brings the key that the initiation of its upload brought. */
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

/** Throws unless a reading brings the key with which the object was written. */
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

/** Whether the service keeps the MD5 of the content to itself, so that the ETag is something else. */
export function hidesMd5({ encryption }: ObjectProperties): boolean {
  return encryption[KEY_MD5] !== undefined || /kms/i.test(encryption['server-side-encryption'] ?? '')
}

/** Of such content: 32 hex digits that are not its MD5. */
export function opaqueEtag(md5: string): string {
  return createHash('md5').update(`encrypted ${md5}`).digest('hex')
}
