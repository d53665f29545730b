import { type BigIntStats, constants } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { PartBuffer } from '../../checksum/crc64.js'
import { MiB } from '../../shared/byte-size.js'
import { checkString, invalidOption, reading } from '../../shared/check-option.js'
import { UploadError } from '../../shared/errors.js'
import { readingFrom } from '../../shared/reading-failure.js'

/** Bytes to read at a time: each system call costs more than reading 64 KiB. */
const SLICE = MiB

/**
 * A regular file whose parts are read in any order, several at a time, with a check that it did not change from the
 * first byte to the last. Errors of the file system become an UploadError with code `FILE_FAILED`.
 */
export class FileSource {
  /** Absolute path. */
  readonly path: string
  /** Size in bytes. */
  readonly size: number
  /** Time of the last change of its content: nanoseconds since 1970. */
  readonly mtimeNs: bigint
  readonly #handle: FileHandle
  readonly #before: BigIntStats

  private constructor(file: string, handle: FileHandle, before: BigIntStats) {
    this.path = file
    this.size = Number(before.size)
    this.mtimeNs = before.mtimeNs
    this.#handle = handle
    this.#before = before
  }

  /** Opens a file. Throws UploadError if it is not a regular file. */
  static async open(file: string): Promise<FileSource> {
    // Check the type before opening: opening a FIFO waits for its writer, and a tape rewinds.
    const name = JSON.stringify(file)
    mustBeRegular(file, await readingFrom(name, stat(file, { bigint: true })))
    const handle = await readingFrom(name, open(file, constants.O_RDONLY | constants.O_NONBLOCK))
    try {
      const before = await readingFrom(name, handle.stat({ bigint: true }))
      mustBeRegular(file, before)
      return new FileSource(file, handle, before)
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  /**
   * Reads `length` bytes from `position` into `buffer`, which has room for them, and calls `onRead` with the bytes of each
   * read. Throws UploadError if the file has become shorter; throws the reason of the signal if that is aborted.
   */
  async read(
    buffer: PartBuffer,
    position: number,
    length: number,
    signal: AbortSignal,
    onRead: (bytes: number) => void,
  ): Promise<void> {
    for (let done = 0; done < length;) {
      signal.throwIfAborted()
      const { free } = buffer
      const wanted = Math.min(SLICE, free.length, length - done)
      const { bytesRead } = await this.#reading(this.#handle.read(free, 0, wanted, position + done))
      if (bytesRead === 0) throw this.#changed(`it ended after ${position + done} of its ${this.size} bytes`)
      buffer.advance(bytesRead)
      done += bytesRead
      onRead(bytesRead)
    }
  }

  /** Throws UploadError if the file was changed or replaced since it was opened. */
  async verify(): Promise<void> {
    const before = this.#before
    const { bytesRead } = await this.#reading(this.#handle.read(Buffer.alloc(1), 0, 1, this.size))
    const after = await this.#reading(this.#handle.stat({ bigint: true }))
    if (after.size !== before.size) throw this.#changed(`it had ${before.size} bytes and has ${after.size}`)
    if (after.mtimeNs !== before.mtimeNs) throw this.#changed('it was written to')
    if (bytesRead > 0) {
      throw invalidOption(
        'path',
        this.path,
        `must not have more bytes than its size says, as files of the system do: upload() a stream of it`,
      )
    }
    const there = await stat(this.path, { bigint: true }).catch(() => undefined)
    if (there?.ino !== before.ino || there.dev !== before.dev) throw this.#changed('it was moved, removed or replaced')
  }

  /** Closes the file. Must be called when no read is in progress. */
  async close(): Promise<void> {
    await this.#handle.close()
  }

  async #reading<T>(call: Promise<T>): Promise<T> {
    return readingFrom(JSON.stringify(this.path), call)
  }

  #changed(how: string): UploadError {
    return new UploadError(
      'SOURCE_CHANGED',
      `${JSON.stringify(this.path)} changed while it was uploaded: ${how}. Nothing is published`,
      { retryable: true },
    )
  }
}

/** Returns an absolute path. Throws UploadError if the argument is not a path. */
export function checkPath(file: unknown): string {
  return path.resolve(pathText(file))
}

/** Returns the path as it was given. Throws UploadError if the argument is not a path. */
export function pathText(file: unknown): string {
  const accepted = 'must be the path of a file, as a string or as a URL of scheme file:'
  const url = reading('path', () =>
    file instanceof URL ? { href: file.href, isFile: file.protocol === 'file:' } : undefined,
  )
  if (url !== undefined) {
    if (!url.isFile) throw invalidOption('path', url.href, accepted)
    return reading('path', () => fileURLToPath(url.href))
  }
  const text = checkString('path', file)
  if (text.includes('\0')) throw invalidOption('path', text, accepted)
  return text
}

function mustBeRegular(file: string, found: BigIntStats): void {
  if (found.isFile()) return
  if (found.isDirectory())
    throw invalidOption('path', file, 'must not be a directory: upload its files, or an archive of it')
  const what = found.isFIFO() ? 'a pipe' : found.isSocket() ? 'a socket' : 'a device'
  throw invalidOption(
    'path',
    file,
    `must not be ${what}, whose size is unknown: upload() a stream of it, such as createReadStream(path) or process.stdin`,
  )
}
