import { createHmac } from 'node:crypto'

/** More than the number of stores and rotated credentials that are likely in use at the same time. */
const MOST_KEPT = 16

const kept = new Map<string, Buffer>()

/**
 * Returns the key that signs all strings of one scope, `yyyymmdd/region/…`: a chain of HMACs over its segments. `secret` is
 * the secret access key with the prefix of the scheme. A key is valid for a day, so the latest ones are cached.
 */
export function derivedKey(secret: string, scope: string): Buffer {
  const name = `${scope}\n${secret}`
  const known = kept.get(name)
  if (known !== undefined) return known
  const [first = '', ...rest] = scope.split('/')
  const key = rest.reduce(hmac, hmac(secret, first))
  const [oldest] = kept.keys()
  if (oldest !== undefined && kept.size === MOST_KEPT) kept.delete(oldest)
  kept.set(name, key)
  return key
}

export function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
