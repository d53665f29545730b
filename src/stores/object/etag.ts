import { invalidOption } from '../../shared/check-option.js'

/**
 * Normalizes an ETag: one pair of quotes around it, and no weak prefix. Some services and proxies omit the quotes in
 * documents, double them, or add `W/`, and then refuse that form in the list of parts.
 */
export function plainEtag(text: string): string {
  const bare = text.replace(/^W\//, '').replace(/^"+|"+$/g, '')
  return bare === '' ? '' : `"${bare}"`
}

/** Returns the option `ifMatch` for a header. */
export function checkIfMatch(etag: unknown): string {
  const text = typeof etag === 'string' ? etag : ''
  if (/^"[\x21\x23-\x7e]{1,200}"$/.test(plainEtag(text)) && plainEtag(text) !== '"*"') return plainEtag(text)
  throw invalidOption('ifMatch', etag, 'must be the ETag of an object, as head() reports it')
}
