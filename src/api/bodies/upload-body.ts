import { isErrored, isReadable, Readable } from 'node:stream'
import { types } from 'node:util'
import { invalidOption } from '../../shared/check-option.js'
import type { UploadError } from '../../shared/errors.js'
import { ALREADY_READ, faultOf } from '../../stream/source-state.js'
import type { UploadStream } from '../../stream/upload-stream.js'
import type { DescriptorBody } from '../../source/descriptor.js'
import { takeUploadOptions, type UploadOptions } from '../../upload/upload-options.js'
import type { UploadResult } from '../../upload/upload-result.js'
import { isBlob, isIterable, isNodeStream, isWebStream } from './body-kinds.js'
import {
  type BodyFacts,
  type BodySource,
  bytesSource,
  foreignSource,
  iteratedSource,
  objectSource,
  pipedSource,
  webSource,
} from './body-source.js'
import { descriptorSource, isDescriptor } from './descriptor-source.js'

/** The body of `store.upload()`. Chunks of a stream or an iterable are bytes, or strings, which are written as UTF-8. */
export type UploadBody =
  | string
  | ArrayBuffer
  | NodeJS.ArrayBufferView
  | Blob
  | DescriptorBody
  | NodeJS.ReadableStream
  | ReadableStream<string | ArrayBuffer | NodeJS.ArrayBufferView>
  | AsyncIterable<string | ArrayBuffer | NodeJS.ArrayBufferView>
  | Iterable<string | ArrayBuffer | NodeJS.ArrayBufferView>

const ACCEPTED =
  'must be a Readable, a ReadableStream, an iterable of chunks, a Blob or File, a Uint8Array, another view, an ArrayBuffer, a string or { fd }'

/**
 * Uploads all of `body`. Resolves when the object is stored and verified; rejects when the failed upload is cleaned up and the
 * source is destroyed. If the source failed, rejects with its error.
 */
export async function uploadBody(
  createUploadStream: (options: UploadOptions) => UploadStream,
  body: UploadBody,
  options: UploadOptions = {},
): Promise<UploadResult> {
  const source = sourceOf(body)
  try {
    const upload = createUploadStream(withFacts(source.facts, options))
    // `done` rejects with it.
    upload.on('error', () => undefined)
    source.start(upload)
    return await upload.done
  } catch (error) {
    await source.stop()
    throw error
  }
}

function withFacts({ size, contentType }: BodyFacts, options: UploadOptions): UploadOptions {
  const taken = takeUploadOptions(options)
  return { ...taken, expectedSize: taken.expectedSize ?? size, contentType: taken.contentType ?? contentType }
}

function sourceOf(body: unknown): BodySource {
  if (typeof body === 'string') return bytesSource(Buffer.from(body))
  if (ArrayBuffer.isView(body)) return bytesSource(new Uint8Array(body.buffer, body.byteOffset, body.byteLength))
  if (types.isArrayBuffer(body)) return bytesSource(new Uint8Array(body))
  if (isBlob(body)) {
    const { size, type } = body
    return webSource(body.stream(), { size, ...(type === '' ? {} : { contentType: type }) })
  }
  if (isNodeStream(body)) {
    // Even if the body is refused: an error of the source must not end the process.
    body.on('error', () => undefined)
    const fault = faultOf(body)
    if (fault !== undefined) throw invalidOption('body', body, `cannot be uploaded: ${fault}`)
    // The types only name the streams of Node.js.
    const { readableObjectMode } = body as Partial<Readable>
    if (readableObjectMode === undefined) return foreignSource(body)
    return readableObjectMode ? objectSource(body) : pipedSource(body)
  }
  if (isWebStream(body)) {
    if (body.locked || isUsedUp(body)) throw alreadyRead(body)
    return webSource(body)
  }
  if (isIterable(body)) return iteratedSource(body)
  if (isDescriptor(body)) return descriptorSource(body)
  throw invalidOption('body', body, ACCEPTED)
}

/** Returns the error for a source that has already been read: an empty object would be stored. */
function alreadyRead(body: unknown): UploadError {
  return invalidOption('body', body, `cannot be uploaded: ${ALREADY_READ}`)
}

/** Returns whether the stream was read, but not whether it failed: then its error is reported. Types name Node.js streams only. */
function isUsedUp(body: ReadableStream<unknown>): boolean {
  const stream = body as unknown as Readable
  return Readable.isDisturbed(stream) && !isReadable(stream) && !isErrored(stream)
}
