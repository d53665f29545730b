import { Readable } from 'node:stream'
import { toError } from '../../shared/errors.js'

/** The methods that streams of other packages and legacy streams have in common. */
interface ForeignStream {
  on(event: string, listener: (value: unknown) => void): unknown
  pause?(): unknown
  resume?(): unknown
  destroy?(): unknown
}

/**
 * Returns a Readable of the chunks of a stream of another package, each wrapped in an object, as chunks may be anything.
 * `Readable.wrap()` does not suffice: it mistakes a `close` during `end` for a failure, and a null chunk for the end.
 */
export function wrapForeignStream(stream: ForeignStream): Readable {
  let hasEnded = false
  const readable = new Readable({
    objectMode: true,
    read: () => void stream.resume?.(),
    destroy(error, callback) {
      stream.destroy?.()
      callback(error)
    },
  })
  stream.on('data', (chunk) => {
    if (!readable.push({ chunk })) stream.pause?.()
  })
  stream.on('end', () => {
    hasEnded = true
    readable.push(null)
  })
  stream.on('error', (error) => readable.destroy(toError(error)))
  stream.on('close', () => {
    // The reader gets an error for a premature close.
    if (!hasEnded) readable.destroy()
  })
  return readable
}
