/** The source of a part: bytes in memory, or chunks that are read one by one. */
import { Buffer } from 'node:buffer'
import type { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { types } from 'node:util'
import type { PartBuffer } from '../../checksum/crc64.js'
import { checkInteger, invalidOption, takeNested } from '../../shared/check-option.js'
import { UploadError } from '../../shared/errors.js'
import { unlessAborted } from '../../shared/unless-aborted.js'
import { checkPath } from '../../upload/file/file-source.js'
import { wrapForeignStream } from './foreign-stream.js'
import { CHUNKS_PER_TURN, isBlob, isIterable, isNodeStream, isWebStream, toChunk } from './body-kinds.js'

/** The body of a part. Chunks of a stream or an iterable are bytes, or strings, which are sent as UTF-8. */
export type PartBody =
  | Uint8Array
  | FileRange
  | Blob
  | NodeJS.ReadableStream
  | ReadableStream<string | Uint8Array>
  | AsyncIterable<string | Uint8Array>

/** A range of a file or a block device. */
export interface FileRange {
  path: string | URL
  /** Offset of the first byte, from 0. */
  start: number
  /** Offset of the last byte, inclusive. */
  end: number
}

export type PartSource = { name: 'bytes'; size: number; bytes: Uint8Array } | FileRangeSource | ChunkSource

interface FileRangeSource {
  name: 'file'
  path: string
  start: number
  size: number
}

interface ChunkSource {
  name: 'chunks'
  /** Size in bytes; undefined if it is not known before the end. */
  size: number | undefined
  next(): Promise<{ done?: boolean; value?: unknown }>
  /** Closes the source before its end. */
  destroy(error: Error): void
}

/** Opens a source, and listens for its errors from now on. Throws UploadError if the body is of an unsupported kind. */
export function openPartSource(body: unknown): PartSource {
  if (types.isUint8Array(body)) return { name: 'bytes', size: body.length, bytes: body }
  if (isBlob(body)) return { ...webSource(body.stream()), size: body.size }
  if (isNodeStream(body)) return readableSource(body)
  if (isWebStream(body)) return webSource(body)
  if (isFileRange(body)) return fileRangeSource(body)
  if (!(isIterable(body) && Symbol.asyncIterator in body)) {
    throw invalidOption(
      'body',
      body,
      'must be a Uint8Array, a Blob, a stream, an async iterable, or { path, start, end }',
    )
  }
  return iterableSource(body)
}

function isFileRange(body: unknown): body is FileRange {
  return typeof body === 'object' && body !== null && 'path' in body && 'start' in body && 'end' in body
}

function fileRangeSource(given: FileRange): FileRangeSource {
  const range = takeNested('body', given, ['path', 'start', 'end'])
  const start = checkInteger('start', range.start, 0, Number.MAX_SAFE_INTEGER, 'bytes')
  const end = checkInteger('end', range.end, start, Number.MAX_SAFE_INTEGER, 'the last byte')
  return { name: 'file', path: checkPath(range.path), start, size: end - start + 1 }
}

function readableSource(stream: Readable): ChunkSource {
  // The reader of the next chunk gets an error; before that, and after a failure, there may be no other listener.
  stream.on('error', () => undefined)
  // Legacy streams are no iterables.
  if (!isIterable(stream)) return foreignSource(stream)
  const iterator = stream[Symbol.asyncIterator]()
  return {
    name: 'chunks',
    size: undefined,
    next: () => iterator.next(),
    destroy: (error) => void (stream as Partial<Readable>).destroy?.(error),
  }
}

function foreignSource(stream: NodeJS.ReadableStream): ChunkSource {
  const chunks = wrapForeignStream(stream)
  const iterator = chunks[Symbol.asyncIterator]() as AsyncIterator<{ chunk: unknown }, undefined>
  return {
    name: 'chunks',
    size: undefined,
    next: async () => {
      const { value } = await iterator.next()
      return value === undefined ? { done: true } : { value: value.chunk }
    },
    destroy: (error) => void chunks.destroy(error),
  }
}

function webSource(stream: ReadableStream<unknown>): ChunkSource {
  if (stream.locked) throw invalidOption('body', stream, 'must not be read elsewhere')
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
    // A generator that awaits something only returns when it continues, which is not awaited here.
    destroy: () => void Promise.resolve(iterator.return?.()).catch(() => undefined),
  }
}

/**
 * Reads all chunks into the buffer. Rejects with the error of the source, with `aborted(reason)` if the signal is
 * aborted, or with `INVALID_OPTION` if the number of bytes is not `length`.
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
    const chunk = toChunk(result.value)
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
    received += bytes.length
    if (received > length) throw wrongLength(length, `${received} or more`)
    buffer.append(bytes, 0, bytes.length)
    if (chunks % CHUNKS_PER_TURN === 0) await nextTurn()
  }
  if (received < length) throw wrongLength(length, String(received))
}

/** Returns the error for a part with another size. `has` describes how many bytes it has. */
export function wrongLength(length: number, has: string): UploadError {
  return new UploadError(
    'INVALID_OPTION',
    `length must be that of the body, which has ${has} bytes; nothing was sent (got ${length})`,
  )
}
