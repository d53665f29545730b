/** Checks the conditions of a request. */
import { Refusal } from '../refusal.js'
import type { OperationContext } from './operation.js'

/** Returns whether a header such as `If-Match` names the ETag; `*` names every one. */
export function namesEtag(header: string, etag: string): boolean {
  const names = header.split(',').map((name) => name.trim().replace(/^W\//, '').replaceAll('"', '').toUpperCase())
  return names.includes('*') || names.includes(etag.replaceAll('"', '').toUpperCase())
}

/** Throws if the request must not write or delete the object: it exists, or is not the one that `If-Match` names. */
export function checkWrite({ call, dialect, storage, bucket, key }: OperationContext): void {
  if (dialect.forbidsOverwrite(call) && storage.objects.has(bucket, key)) throw new Refusal('already-exists')
  const ifMatch = call.header('if-match')
  const ifNoneMatch = call.header('if-none-match')
  // Only S3 has conditional writes; it supports no other value of If-None-Match.
  const isKnown = dialect.name === 's3' && (ifNoneMatch === undefined || ifNoneMatch === '*')
  if (ifMatch !== undefined && dialect.name !== 's3') throw new Refusal('not-implemented', { Header: 'If-Match' })
  if (ifNoneMatch !== undefined && !isKnown) throw new Refusal('not-implemented', { Header: 'If-None-Match' })
  if (ifMatch === undefined) return
  const object = storage.objects.find(bucket, key)
  if (object === undefined) throw new Refusal('no-such-key', { Key: key })
  if (!namesEtag(ifMatch, object.etag)) throw new Refusal('precondition-failed')
}
