import { invalidOption } from '../shared/check-option.js'

/** A key that the service takes. Throws UploadError. */
export function checkKey(key: unknown, maxBytes: number): string {
  const accepted = `accepted are 1 to ${maxBytes} bytes of UTF-8 that do not begin with / or \\`
  if (typeof key !== 'string' || !key.isWellFormed() || /^[/\\]/.test(key)) throw invalidOption('key', key, accepted)
  const length = Buffer.byteLength(key)
  if (length < 1 || length > maxBytes) throw invalidOption(`key (${length} bytes)`, key, accepted)
  return key
}
