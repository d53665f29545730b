/** Finds out whether a source can be read, and whether it was complete, with streams of any package. */
import type { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { UploadError } from '../shared/errors.js'

export const ALREADY_READ = 'it is being read elsewhere, or has been read to its end'
const DESTROYED = 'it has been destroyed'

/** The properties by which streams of Node.js, readable-stream, streamx, minipass and through show that they have ended. */
interface AnyReadable {
  readableEnded?: boolean
  readableFlowing?: boolean | null
  readable?: boolean
  readableDidRead?: boolean
  destroyed?: boolean
  errored?: unknown
  /** Requests: the peer disconnected before the end. */
  aborted?: boolean
  readableAborted?: boolean
  /** HTTP/2: error code of a reset stream. */
  rstCode?: number
  stream?: { rstCode?: number } | null
  /** minipass. */
  emittedEnd?: boolean
  flowing?: boolean
  listenerCount?(event: string): number
  _readableState?: { endEmitted?: boolean; flowing?: boolean | null; resumeScheduled?: boolean } | null
}

/**
 * Returns why the stream cannot be uploaded: an empty object, or one without its start, would be stored. `ownListeners` is how
 * many of its listeners to `data` are of the upload.
 */
export function faultOf(source: Readable, ownListeners = 0): string | undefined {
  // Its own error is more precise, and its reader gets it.
  const stream = source as AnyReadable
  if ((stream.errored ?? null) !== null) return undefined
  const isOver = stream.readableEnded ?? stream.emittedEnd ?? stream._readableState?.endEmitted ?? false
  // Of one that was empty nothing is lost, though a parser has seen its end.
  const wasEmpty = stream.readableDidRead === false
  if ((isOver && !wasEmpty) || isReadElsewhere(stream, ownListeners)) return ALREADY_READ
  const isNative = typeof stream.readableAborted === 'boolean'
  if (isNative) return undefined
  if (stream.destroyed === true) return DESTROYED
  // Legacy streams have no other property.
  return stream.readable === false ? ALREADY_READ : undefined
}

/** A reader that starts later misses earlier chunks; a second reader that starts in the same event-loop turn does not. */
function isReadElsewhere(stream: AnyReadable, ownListeners: number): boolean {
  const isAwaited = (stream.listenerCount?.('readable') ?? 0) > 0
  if (stream.readableDidRead !== undefined) {
    return stream.readableDidRead && (stream.readableFlowing === true || isAwaited)
  }
  // Streams of other packages do not report whether they were read. Those of readable-stream begin in the next turn.
  const { flowing = stream.flowing, resumeScheduled = false } = stream._readableState ?? {}
  const hasReader = (stream.listenerCount?.('data') ?? 0) > ownListeners
  return !resumeScheduled && (flowing === true || hasReader || isAwaited)
}

/** Node.js 20 needs two if both frames arrive in one packet. */
const TURNS_AFTER_END = 10

/** Throws UploadError if a stream that has ended was truncated: a cancelled HTTP/2 request ends without an error. */
export async function mustBeWhole(source: Readable): Promise<void> {
  if (!('aborted' in source) && !('rstCode' in source)) return
  // HTTP/2: a client may end the body, and reset the stream with the next frame, which Node.js reports some turns later.
  for (let turn = 0; turn < TURNS_AFTER_END && !isCancelled(source as AnyReadable); turn += 1) await nextTurn()
  if (!isCancelled(source as AnyReadable)) return
  throw new UploadError(
    'SOURCE_CHANGED',
    'the request was cancelled before its body was complete: nothing is published',
    {
      retryable: true,
    },
  )
}

function isCancelled(source: AnyReadable): boolean {
  const { aborted, readableAborted, rstCode, stream } = source
  return aborted === true || readableAborted === true || (rstCode ?? stream?.rstCode ?? 0) !== 0
}
