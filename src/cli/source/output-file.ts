/** A file that is there whole, or as it was: written beside its place and moved there in the end. */
import { randomBytes } from 'node:crypto'
import { constants, createWriteStream, openSync, type Stats } from 'node:fs'
import { copyFile, open, readlink, realpath, rename, rm, stat } from 'node:fs/promises'
import { Socket } from 'node:net'
import { basename, dirname, join, resolve } from 'node:path'
import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { EXIT } from '../process/exit-codes.js'
import { Failure, isReaderGone, messageOf, usageFailure } from '../process/failure.js'

/** How often to look whether a named pipe has a reader. */
const READER_POLL_MS = 50
/** As many links as Linux follows. */
const MAX_LINKS = 40

export interface OutputFile {
  /** Writes all bytes of an object, and publishes the file when every one of them has been written. */
  writeAll(chunks: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void>
  /** Removes what has been written. Does nothing once the file is published. */
  discard(): Promise<void>
}

/** Rejects with the signal's reason when it is aborted while a named pipe has no reader. */
export async function openOutputFile(path: string, signal: AbortSignal): Promise<OutputFile> {
  if (path.endsWith('/')) throw usageFailure(`-o ${path} is a folder: give the name of a file`)
  const found = await stat(path).catch(() => undefined)
  if (found?.isDirectory() === true) throw usageFailure(`-o ${path} is a folder: give the name of a file`)
  // A device or a pipe cannot be replaced: /dev/null is to stay what it is.
  if (found !== undefined && !found.isFile()) return openInPlace(path, found, signal)
  return openBeside(path, await followLinks(path), found)
}

/** The file that is meant, which need not exist: a link is kept, and what it leads to is written. */
async function followLinks(path: string): Promise<string> {
  let place = path
  for (let links = 0; links < MAX_LINKS; links += 1) {
    const target: string | undefined = await readlink(place).catch(() => undefined)
    if (target === undefined) break
    place = resolve(dirname(place), target)
  }
  return realpath(place).catch(() => place)
}

async function openInPlace(path: string, found: Stats, signal: AbortSignal): Promise<OutputFile> {
  const stream = found.isFIFO() ? await openPipe(path, signal) : createWriteStream(path)
  return {
    writeAll: (chunks, cancelled) => writeStream(path, chunks, stream, cancelled),
    discard: () => Promise.resolve(void stream.destroy()),
  }
}

/** Never waits in a system call: a thread that waits there would keep the process until a reader comes. */
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

async function openBeside(path: string, place: string, found: Stats | undefined): Promise<OutputFile> {
  // Of no name that another process may have left: in a container every run has the same process id. A name has 255 bytes
  // at most, and a character up to three.
  const temporary = join(dirname(place), `.${basename(place).slice(0, 75)}.ossup-${randomBytes(6).toString('hex')}`)
  // Who could not read the file that was there cannot read the new one.
  const handle = await open(temporary, 'wx', (found?.mode ?? 0o666) & 0o777).catch((error: unknown) => {
    throw cannotWrite(path, error)
  })
  const stream = handle.createWriteStream({ flush: true })
  return {
    async writeAll(chunks, signal) {
      await writeStream(path, chunks, stream, signal)
      await replace(temporary, place).catch((error: unknown) => {
        throw cannotWrite(path, error)
      })
    },
    async discard() {
      stream.destroy()
      await rm(temporary, { force: true })
    },
  }
}

async function writeStream(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  stream: Writable,
  signal: AbortSignal,
): Promise<void> {
  await pipeline(chunks, stream, { signal }).catch((error: unknown) => {
    throw stream.errored === error && isSystemError(error) ? cannotWrite(path, error) : error
  })
}

/** Not what the source failed with, by which the stream was destroyed as well; nor a reader of a pipe that went away. */
function isSystemError(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).syscall !== undefined && !isReaderGone(error)
}

/** A file that is mounted by itself, as containers do, cannot be replaced: what was verified is copied into it. */
async function replace(temporary: string, place: string): Promise<void> {
  try {
    await rename(temporary, place)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EBUSY') throw error
    await copyFile(temporary, place)
    await rm(temporary, { force: true })
  }
}

/** A failure to write that names the file. */
function cannotWrite(path: string, error: unknown): Failure {
  const { code } = error as NodeJS.ErrnoException
  const isFolderClosed = code === 'EACCES' || code === 'EROFS' || code === 'EPERM'
  const advice =
    code === 'ENOENT'
      ? '; create the folder first'
      : isFolderClosed
        ? '; FILE is replaced, so its folder must be writable: > FILE writes into the file itself'
        : ''
  return new Failure(EXIT.failed, `${path} cannot be written: ${messageOf(error)}${advice}`, error)
}
