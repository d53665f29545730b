import { createHash } from 'node:crypto'
import { Refusal } from '../../refusal.js'
import type { OperationContext } from '../operation.js'

/** Throws if the MD5 of the document is not the one in the request. */
export function checkDigest({ call }: OperationContext, document: Uint8Array): void {
  const header = call.header('content-md5')
  if (header === undefined) return
  const digest = createHash('md5').update(document).digest('base64')
  if (digest !== header) throw new Refusal('digest-mismatch', { ClientComputedContentMD5: header })
}
