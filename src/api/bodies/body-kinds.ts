/** Distinguishes kinds of bodies by their methods, not their classes, to accept other implementations and copies. */
import type { Readable } from 'node:stream'
import { types } from 'node:util'
import { invalidOption } from '../../shared/check-option.js'
import { mustNotBeDetached, transferred } from '../../upload/received-bytes.js'

const ACCEPTED_CHUNKS = 'must be a string, a Uint8Array, another view or an ArrayBuffer'

/** Chunks to read before yielding to the event loop, which an iterable that never waits would block. */
export const CHUNKS_PER_TURN = 128

export function isBlob(body: unknown): body is Blob {
  return has(body, 'stream', 'function') && has(body, 'arrayBuffer', 'function') && has(body, 'size', 'number')
}

export function isNodeStream(body: unknown): body is Readable {
  return has(body, 'pipe', 'function') && has(body, 'on', 'function')
}

export function isWebStream(body: unknown): body is ReadableStream<unknown> {
  return has(body, 'getReader', 'function')
}

export function isIterable(body: unknown): body is AsyncIterable<unknown> | Iterable<unknown> {
  return has(body, Symbol.asyncIterator, 'function') || has(body, Symbol.iterator, 'function')
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return has(value, 'then', 'function')
}

function has(body: unknown, name: PropertyKey, type: 'function' | 'number'): boolean {
  return typeof body === 'object' && body !== null && typeof (body as Record<PropertyKey, unknown>)[name] === type
}

/** Returns a chunk of a stream or an iterable as it can be written. Throws UploadError if it is neither bytes nor text. */
export function toChunk(value: unknown): string | Uint8Array {
  if (typeof value === 'string') return value
  const bytes = toBytes(value)
  // Node.js throws a TypeError when a transferred chunk is written.
  if (bytes.length === 0) mustNotBeDetached(bytes)
  return bytes
}

function toBytes(value: unknown): Uint8Array {
  try {
    // The first alone does not make it bytes: an object may only have their prototype.
    if (value instanceof Uint8Array && ArrayBuffer.isView(value)) return value
    if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    if (types.isArrayBuffer(value)) return new Uint8Array(value)
  } catch (error) {
    // The memory of another view, or an ArrayBuffer, was transferred.
    if (types.isAnyArrayBuffer(value) || ArrayBuffer.isView(value)) throw transferred()
    throw error
  }
  throw invalidOption('a chunk of the body', value, ACCEPTED_CHUNKS)
}
