/** Writes to a pipe or a device that was given with -o. */
import { constants, createWriteStream, openSync, type Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Socket } from 'node:net'
import { addAbortSignal, type Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { EXIT } from '../process/exit-codes.js'
import { Failure, isReaderGone, messageOf, usageFailure } from '../process/failure.js'
import { type ObjectBytes, viewWriter } from '../process/object-bytes.js'

/** Milliseconds between checks whether a named pipe has a reader. */
const READER_POLL_MS = 50

export interface OutputFile {
  /** Writes all bytes of an object. */
  writeAll(object: ObjectBytes, signal: AbortSignal): Promise<void>
  /** Ends the writing. */
  discard(): Promise<void>
}

/**
 * Resolves with undefined if a file is to be replaced or created. Rejects with the signal's reason when it is aborted while
 * a named pipe has no reader.
 */
export async function openOutputFile(path: string, signal: AbortSignal): Promise<OutputFile | undefined> {
  if (path.endsWith('/')) throw usageFailure(`-o ${path} is a folder: give the name of a file`)
  const found = await stat(path).catch(() => undefined)
  if (found?.isDirectory() === true) throw usageFailure(`-o ${path} is a folder: give the name of a file`)
  // A device or a pipe must not be replaced, for example /dev/null.
  return found === undefined || found.isFile() ? undefined : openInPlace(path, found, signal)
}

async function openInPlace(path: string, found: Stats, signal: AbortSignal): Promise<OutputFile> {
  const stream = found.isFIFO() ? await openPipe(path, signal) : createWriteStream(path)
  return {
    writeAll: (object, cancelled) => writeStream(path, object, stream, cancelled),
    discard: () => Promise.resolve(void stream.destroy()),
  }
}

/** Opens the pipe without blocking: a blocked thread would keep the process alive until a reader opens the pipe. */
async function openPipe(path: string, signal: AbortSignal): Promise<Writable> {
  for (;;) {
    try {
      const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
      return new Socket({ fd, readable: false, writable: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw cannotWrite(path, error)
      await delay(READER_POLL_MS, undefined, { signal })
    }
  }
}

async function writeStream(path: string, object: ObjectBytes, stream: Writable, signal: AbortSignal): Promise<void> {
  addAbortSignal(signal, stream)
  const ended = finished(stream)
  // The write that fails reports it.
  ended.catch(() => undefined)
  try {
    await object.writeTo(viewWriter(stream))
    stream.end()
    await ended
  } catch (error) {
    throw stream.errored === error && isSystemError(error) ? cannotWrite(path, error) : error
  }
}

/** Only for errors of writing: not for the source's error, which also destroys the stream, and not for a closed pipe. */
function isSystemError(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).syscall !== undefined && !isReaderGone(error)
}

/** A failure to write that names the file. */
function cannotWrite(path: string, error: unknown): Failure {
  return new Failure(EXIT.failed, `${path} cannot be written: ${messageOf(error)}`, error)
}
