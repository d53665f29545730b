/** What the bytes of a stream must be, as far as the caller has said it. */
import { UploadError } from '../shared/errors.js'

interface Sizes {
  size: number | undefined
  maxSize: number | undefined
}

/** Throws UploadError when more bytes came than may come. */
export function mustNotExceed(length: number, { size, maxSize }: Sizes): void {
  const [name, most] = size !== undefined && size <= (maxSize ?? Infinity) ? ['size', size] : ['maxSize', maxSize]
  if (most === undefined || length <= most) return
  throw new UploadError('TOO_LARGE', `the stream has more bytes than ${name} says, ${most}: nothing is published`)
}

/** Throws UploadError when a stream ended before it had all its bytes. */
export function mustBeAll(length: number, { size }: Sizes): void {
  if (size === undefined || length >= size) return
  throw new UploadError(
    'INCOMPLETE',
    `the stream ended after ${length} bytes, and size says that it has ${size}: nothing is published`,
    { retryable: true },
  )
}

/** Throws UploadError where the memory of an empty chunk was given away: its bytes are lost. */
export function mustNotBeDetached(chunk: Uint8Array): void {
  try {
    // Node.js 20 does not have `ArrayBuffer.prototype.detached`; a view of a detached buffer cannot be made.
    new Uint8Array(chunk.buffer)
  } catch {
    throw transferred()
  }
}

export function transferred(): UploadError {
  return new UploadError(
    'SOURCE_CHANGED',
    'the ArrayBuffer of a chunk was transferred before the chunk was uploaded: wait for the callback of write(), or write a copy. Nothing is published',
  )
}
