import { invalidOption } from '../../shared/check-option.js'
import type { StoreLimits } from '../store-driver.js'

/** Checks a key. Throws UploadError if the service does not accept it. */
export function checkKey(key: unknown, limits: Pick<StoreLimits, 'maxKeyBytes' | 'allowsLeadingSlash'>): string {
  const { maxKeyBytes: maxBytes, allowsLeadingSlash = false } = limits
  const condition = allowsLeadingSlash ? '' : ' that do not start with / or \\'
  const accepted = `must have 1 to ${maxBytes} bytes of UTF-8${condition}`
  const isRefused = (text: string): boolean => !text.isWellFormed() || (!allowsLeadingSlash && /^[/\\]/.test(text))
  if (typeof key !== 'string' || isRefused(key)) throw invalidOption('key', key, accepted)
  const length = Buffer.byteLength(key)
  if (length < 1 || length > maxBytes) throw invalidOption(`key (${length} bytes)`, key, accepted)
  return key
}
