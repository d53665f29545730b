/**
 * Returns an ETag in one form: in quotes, once, and without the mark of a weak one. Services and proxies differ: some leave
 * the quotes out of documents, double them, or put `W/` in front, and then refuse what they said in the list of parts.
 */
export function plainEtag(text: string): string {
  const bare = text.replace(/^W\//, '').replace(/^"+|"+$/g, '')
  return bare === '' ? '' : `"${bare}"`
}
