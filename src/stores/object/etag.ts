import { invalidOption } from '../../shared/check-option.js'

/**
 * Returns an ETag in one form: in quotes, once, and without the mark of a weak one. Services and proxies differ: some leave
 * the quotes out of documents, double them, or put `W/` in front, and then refuse what they said in the list of parts.
 */
export function plainEtag(text: string): string {
  const bare = text.replace(/^W\//, '').replace(/^"+|"+$/g, '')
  return bare === '' ? '' : `"${bare}"`
}

/** Returns the option `ifMatch` as a header has it. */
export function checkIfMatch(etag: unknown): string {
  const text = typeof etag === 'string' ? etag : ''
  if (/^"[\x21\x23-\x7e]{1,200}"$/.test(plainEtag(text)) && plainEtag(text) !== '"*"') return plainEtag(text)
  throw invalidOption('ifMatch', etag, 'must be the ETag of an object, as head() reports it')
}
