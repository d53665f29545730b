/** What a Node.js stream says of itself before and after it was read, whichever package it comes from. */
import type { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { UploadError } from '../shared/errors.js'

export const ALREADY_READ = 'it is being read by somebody else, or has been read to its end'
const DESTROYED = 'it has been destroyed'

/** The properties by which streams of Node.js, readable-stream, streamx, minipass and through say that they are over. */
interface AnyReadable {
  readableEnded?: boolean
  readableFlowing?: boolean | null
  readable?: boolean
  readableDidRead?: boolean
  destroyed?: boolean
  errored?: unknown
  /** Of requests: the peer went away before the end. */
  aborted?: boolean
  readableAborted?: boolean
  /** Of HTTP/2: the code that the stream was reset with. */
  rstCode?: number
  stream?: { rstCode?: number } | null
  /** Of minipass. */
  emittedEnd?: boolean
  listenerCount?(event: string): number
  _readableState?: { endEmitted?: boolean } | null
}

/** Why the stream cannot be uploaded: an empty object, or one without its beginning, would be stored. */
export function faultOf(source: Readable): string | undefined {
  // Its own error says more, and whoever reads it is told.
  const stream = source as AnyReadable
  if ((stream.errored ?? null) !== null) return undefined
  const isOver = stream.readableEnded ?? stream.emittedEnd ?? stream._readableState?.endEmitted ?? false
  if (isOver || isReadElsewhere(stream)) return ALREADY_READ
  const isNative = typeof stream.readableAborted === 'boolean'
  if (isNative) return undefined
  if (stream.destroyed === true) return DESTROYED
  // Streams of the first kind have nothing else.
  return stream.readable === false ? ALREADY_READ : undefined
}

/** Somebody who joins later misses what was given out before; a second reader that begins in the same turn does not. */
function isReadElsewhere(stream: AnyReadable): boolean {
  if (stream.readableDidRead !== true) return false
  return stream.readableFlowing === true || (stream.listenerCount?.('readable') ?? 0) > 0
}

/** Throws UploadError where a stream that has ended was cut short: a cancelled HTTP/2 request ends without an error. */
export async function mustBeWhole(source: Readable): Promise<void> {
  if (!('aborted' in source) && !('rstCode' in source)) return
  // The stream may say it only after its end.
  await nextTurn()
  const { aborted, readableAborted, rstCode, stream } = source as AnyReadable
  if (aborted !== true && readableAborted !== true && (rstCode ?? stream?.rstCode ?? 0) === 0) return
  throw new UploadError(
    'SOURCE_CHANGED',
    'the request was cancelled before its body was complete: nothing is published',
    {
      retryable: true,
    },
  )
}
