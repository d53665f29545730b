/**
 * A salted hash of the options of an object, to compare those of two runs without storing them. A customer key is hashed by
 * scrypt first, so that not even a weak key can be guessed from the checkpoint.
 */
import { Buffer } from 'node:buffer'
import { createHash, randomBytes, scrypt } from 'node:crypto'
import { promisify } from 'node:util'
import { OBJECT_OPTION_NAMES, OBJECT_OPTIONS, type ObjectOptions } from '../../stores/object/object-options.js'
import type { OptionsFingerprint } from './upload-record.js'

/** The options that are fixed when the upload is initiated. */
const SETTLED = OBJECT_OPTION_NAMES.filter((name) => OBJECT_OPTIONS[name] === 'object')

const derive = promisify<Buffer, Buffer, number, Buffer>(scrypt)

export async function fingerprintOf(
  options: ObjectOptions,
  salt: string = randomBytes(16).toString('hex'),
): Promise<OptionsFingerprint> {
  const settled = SETTLED.filter((name) => options[name] !== undefined).map((name) => [name, options[name]] as const)
  const { serverSideEncryption: encryption, ...others } = Object.fromEntries(settled) as ObjectOptions
  const text = JSON.stringify([
    canonical(others),
    typeof encryption === 'object' && encryption.customerKey !== undefined
      ? { customerKey: await hiddenKey(encryption.customerKey, salt) }
      : canonical(typeof encryption === 'string' ? { algorithm: encryption } : encryption),
  ])
  return { salt, hash: createHash('sha256').update(salt).update(text).digest('hex') }
}

async function hiddenKey(key: Uint8Array | string, salt: string): Promise<string> {
  const bytes = typeof key === 'string' ? Buffer.from(key, 'base64') : Buffer.from(key)
  return (await derive(bytes, Buffer.from(salt), 32)).toString('hex')
}

/** Returns equal values for equal names and values in any order. */
function canonical(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const entries = Object.entries(value).filter(([, item]) => item !== undefined)
  return entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, item]) => [name, canonical(item)])
}
