/** Checks the number of received bytes against the options of the caller. */
import { UploadError } from '../shared/errors.js'

interface Sizes {
  size: number | undefined
  maxSize: number | undefined
}

/** Throws UploadError if there are more bytes than `size` or `maxSize`. */
export function mustNotExceed(length: number, { size, maxSize }: Sizes): void {
  const [name, most] = size !== undefined && size <= (maxSize ?? Infinity) ? ['size', size] : ['maxSize', maxSize]
  if (most === undefined || length <= most) return
  throw new UploadError('TOO_LARGE', `the stream has more bytes than ${name} says, ${most}: nothing is published`)
}

/** Throws UploadError if a stream ended with fewer bytes than `size`. */
export function mustBeAll(length: number, { size }: Sizes): void {
  if (size === undefined || length >= size) return
  throw new UploadError(
    'INCOMPLETE',
    `the stream ended after ${length} bytes, and size says that it has ${size}: nothing is published`,
    { retryable: true },
  )
}

/** Throws UploadError if the memory of a chunk was transferred (detached): its bytes are lost. */
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
