import { createHmac } from 'node:crypto'

/** As many stores, or rotations of credentials, as are likely in use at the same time. */
const MOST_KEPT = 16

const kept = new Map<string, Buffer>()

/**
 * The key that signs all strings of one scope, `yyyymmdd/region/…`: one HMAC after the other, over what is between the
 * slashes. `secret` is the secret access key with the scheme's prefix. Good for a day, so that those made last are kept.
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
