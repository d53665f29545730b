/** Where the bytes of an upload come from: standard input, a file, or the output of a command. */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { PassThrough, type Readable } from 'node:stream'
import { EXIT } from '../process/exit-codes.js'
import { Failure, messageOf, sourceFailure } from '../process/failure.js'
import { startProducer } from './producer.js'

export interface Source {
  stream: Readable
  /** Known for files. */
  size?: number
  /** A file that was chosen by its name: it may be empty on purpose. */
  isFile?: boolean
  /** What a command says on standard error, where it is not to go to the terminal by itself. */
  errors?: Readable | undefined
  /** When nothing of it is running any more. */
  gone: Promise<void>
}

export function producerSource(command: readonly string[], ownErrors: boolean): Source {
  const { output, errors, gone } = startProducer(command, ownErrors)
  return { stream: output, errors, gone }
}

export function standardInput(stdin: Readable): Source {
  return { stream: named('standard input', stdin), gone: Promise.resolve() }
}

/** A file as long as it is now: what is added while it is read is not taken, and one that shrinks is refused. */
export async function fileSource(path: string): Promise<Source> {
  let found
  try {
    found = await stat(path)
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    const message = isMissing
      ? `there is no file ${path}; a command is put after --`
      : `${path} cannot be read: ${messageOf(error)}`
    throw new Failure(EXIT.source, message, error)
  }
  if (found.isDirectory()) throw new Failure(EXIT.source, `${path} is a folder: give files, or pipe an archive of it`)
  // Files of the system, such as those in /proc, say that they have no bytes and have some.
  if (!found.isFile() || found.size === 0) {
    return { stream: named(path, createReadStream(path)), isFile: found.isFile(), gone: Promise.resolve() }
  }
  const { size } = found
  const stream = named(path, createReadStream(path, { end: size - 1, highWaterMark: 256 * 1024 }), size)
  return { stream, size, isFile: true, gone: Promise.resolve() }
}

/** Failures say of what, and a size that was promised is kept. */
function named(what: string, raw: Readable, size?: number): Readable {
  let seen = 0
  const stream = new PassThrough({
    highWaterMark: 256 * 1024,
    transform(chunk: Buffer, _encoding, callback) {
      seen += chunk.length
      callback(null, chunk)
    },
    flush(callback) {
      const isWhole = size === undefined || seen === size
      callback(
        isWhole
          ? null
          : new Failure(EXIT.source, `${what} ended after ${seen} bytes: it had ${size} when reading began`),
      )
    },
  })
  raw.once('error', (error) => stream.destroy(sourceFailure(what, error)))
  stream.once('close', () => raw.destroy())
  return raw.pipe(stream)
}
