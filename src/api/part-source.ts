/** What a part is sent from: bytes that are there, or chunks that come one by one. */
import { Buffer } from 'node:buffer'
import type { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { PartBuffer } from '../checksum/crc64.js'
import { invalidOption } from '../shared/check-option.js'
import { UploadError } from '../shared/errors.js'
import { unlessAborted } from '../shared/unless-aborted.js'

/** Chunks of a stream or an iterable are bytes, or strings, which are sent as UTF-8. */
export type PartBody = Uint8Array | Blob | Readable | WebStream | AsyncIterable<Uint8Array | string>

/** Chunks between which other work gets a turn: an iterable that never waits would keep all else waiting. */
const CHUNKS_PER_TURN = 128

/** A ReadableStream, whoever declares it: Node.js and browsers have types of their own. */
export interface WebStream {
  readonly locked: boolean
  getReader(): { read(): Promise<{ done: boolean; value?: unknown }>; cancel(reason: unknown): Promise<void> }
}

export type PartSource = { name: 'bytes'; size: number; bytes: Uint8Array } | ChunkSource

interface ChunkSource {
  name: 'chunks'
  /** Bytes; undefined where nobody knows until the end. */
  size: number | undefined
  next(): Promise<{ done?: boolean; value?: unknown }>
  /** Lets go of the source before its end. */
  destroy(error: Error): void
}

/** From here on an error of a stream is noticed here. Throws UploadError where it is nothing that a part is made of. */
export function openPartSource(body: PartBody): PartSource {
  if (body instanceof Uint8Array) return { name: 'bytes', size: body.length, bytes: body }
  if (body instanceof Blob) return { ...webSource(body.stream()), size: body.size }
  if (isWebStream(body)) return webSource(body)
  if (typeof (body as Partial<AsyncIterable<unknown>> | null | undefined)?.[Symbol.asyncIterator] !== 'function') {
    throw invalidOption('body', body, 'accepted are a Uint8Array, a Blob, a stream and an async iterable')
  }
  return isNodeStream(body) ? readableSource(body) : iterableSource(body)
}

/** Also one of another copy of the class, as packages bring along. */
function isNodeStream(body: object): body is Readable {
  const { on, destroy } = body as Partial<Readable>
  return typeof on === 'function' && typeof destroy === 'function'
}

function isWebStream(body: unknown): body is WebStream {
  return typeof (body as Partial<WebStream> | null | undefined)?.getReader === 'function'
}

function readableSource(stream: Readable): ChunkSource {
  // Whoever asks for the next chunk is told of an error; before that, and after a failure, nobody else may listen.
  stream.on('error', () => undefined)
  const iterator = stream[Symbol.asyncIterator]()
  return {
    name: 'chunks',
    size: undefined,
    next: () => iterator.next(),
    destroy: (error) => void stream.destroy(error),
  }
}

function webSource(stream: WebStream): ChunkSource {
  if (stream.locked) throw invalidOption('body', stream, 'somebody reads it already')
  const reader = stream.getReader()
  return {
    name: 'chunks',
    size: undefined,
    next: () => reader.read(),
    destroy: (error) => void reader.cancel(error).catch(() => undefined),
  }
}

function iterableSource(iterable: AsyncIterable<unknown>): ChunkSource {
  const iterator = iterable[Symbol.asyncIterator]()
  return {
    name: 'chunks',
    size: undefined,
    next: () => iterator.next(),
    // A generator that waits for something hears of it when it goes on: nobody here waits for that.
    destroy: () => void Promise.resolve(iterator.return?.()).catch(() => undefined),
  }
}

/**
 * Takes the chunks into the buffer, to their end. Rejects with the source's own error, with what `aborted` makes of the
 * signal's reason, or with `INVALID_OPTION` where the bytes are not `length`.
 */
export async function fillPart(
  buffer: PartBuffer,
  source: ChunkSource,
  length: number,
  signal: AbortSignal | undefined,
  aborted: (reason: unknown) => Error,
): Promise<void> {
  let received = 0
  for (let chunks = 1; ; chunks += 1) {
    const result = await unlessAborted(source.next(), signal, aborted)
    if (result.done === true) break
    const bytes = bytesOf(result.value)
    received += bytes.length
    if (received > length) throw wrongLength(length, `${received} or more`)
    buffer.append(bytes, 0, bytes.length)
    if (chunks % CHUNKS_PER_TURN === 0) await nextTurn()
  }
  if (received < length) throw wrongLength(length, String(received))
}

function bytesOf(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk
  if (typeof chunk === 'string') return Buffer.from(chunk)
  throw invalidOption('a chunk of the body', chunk, 'accepted are a Uint8Array and a text')
}

/** `has` so many bytes. */
export function wrongLength(length: number, has: string): UploadError {
  return new UploadError('INVALID_OPTION', `length is ${length}: the body has ${has} bytes; nothing was sent`)
}
