import type { Writable } from 'node:stream'

/** Writes some bytes, which are only valid until its promise settles. */
export type ViewWriter = (bytes: Uint8Array) => Promise<void>

/** The bytes of an object, such as a `DownloadStream`. */
export interface ObjectBytes {
  /** Passes all bytes to `write`, in order, one view at a time. Resolves when the object is verified. */
  writeTo(write: ViewWriter): Promise<unknown>
}

/** Returns a writer to a stream that keeps no bytes after the callback of a write, such as a socket or a file. */
export function viewWriter(stream: Writable): ViewWriter {
  return async (bytes) =>
    new Promise((resolve, reject) => {
      stream.write(bytes, (error) => (error == null ? resolve() : reject(error)))
    })
}
