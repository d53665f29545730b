import { Readable } from 'node:stream'
import { toError } from '../shared/errors.js'

/** The least that streams of other packages and of the first days of Node.js have. */
interface ForeignStream {
  on(event: string, listener: (value: unknown) => void): unknown
  pause?(): unknown
  resume?(): unknown
  destroy?(): unknown
}

/**
 * What a stream of another package gives, each chunk in an object of its own, for it may give anything. `Readable.wrap()`
 * does not do: it takes a `close` that comes with the `end` for a failure, and a chunk that is null for the end.
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
    // Whoever reads it learns that it closed too early.
    if (!hasEnded) readable.destroy()
  })
  return readable
}
