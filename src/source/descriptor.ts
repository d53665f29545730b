/** Reads a file descriptor of this process, of any kind. */
import { closeSync, constants, createReadStream, fstatSync, openSync, readFileSync, readlinkSync } from 'node:fs'
import process from 'node:process'
import type { Readable } from 'node:stream'
import { isatty, ReadStream } from 'node:tty'
import { checkInteger, invalidOption } from '../shared/check-option.js'
import { debugLine } from '../shared/diagnostics.js'
import { toError } from '../shared/errors.js'
import type { ByteSink } from './byte-sink.js'
import { readFile } from './file-reader.js'
import { readPipe } from './pipe-reader.js'
import { readStream } from './stream-reader.js'

/** A file descriptor to upload, from its current position to its end. */
export interface DescriptorBody {
  /** A number from 0. It belongs to the upload, which closes it in the end; 0, 1 and 2 stay open. */
  fd: number
}

const STANDARD = 2

/**
 * Reads the descriptor to its end and writes the bytes to the sink. Resolves at the end; rejects with any error, or when
 * the sink is cancelled; then the descriptor is no longer read.
 *
 * @throws {UploadError} `INVALID_OPTION` when it is not open, or leads to what cannot be read.
 */
export async function readDescriptor(fd: number, sink: ByteSink): Promise<void> {
  const kind = kindOf(fd)
  const closes = fd > STANDARD
  switch (kind) {
    case 'file':
      return readFile(fd, sink, { isPrompt: true, closes })
    case 'device':
      return readFile(fd, sink, { isPrompt: false, closes })
    case 'terminal':
      return readStream(streamOf(fd, kind), sink)
    case 'pipe':
      return readsIntoMemory() ? readOwnPipe(fd, sink, closes) : readStream(streamOf(fd, kind), sink)
    case 'directory':
      throw invalidOption('body.fd', fd, 'must not be a directory: upload its files, or an archive of it')
  }
}

type Kind = 'file' | 'device' | 'terminal' | 'pipe' | 'directory'

function kindOf(fd: number): Kind {
  const stats = statsOf(checkInteger('body.fd', fd, 0, 2 ** 31 - 1))
  if (stats.isDirectory()) return 'directory'
  if (stats.isFile() || stats.isBlockDevice()) return 'file'
  if (stats.isCharacterDevice()) return isatty(fd) ? 'terminal' : 'device'
  if (isForWritingAlone(fd))
    throw invalidOption('body.fd', fd, 'must be the reading end of a pipe, not the writing end')
  return 'pipe'
}

function statsOf(fd: number): ReturnType<typeof fstatSync> {
  try {
    return fstatSync(fd)
  } catch (error) {
    throw invalidOption('body.fd', fd, `must be open for reading: ${toError(error).message}`)
  }
}

/** Refuses a pipe of which this process is the last writer: its end would never come. */
function isForWritingAlone(fd: number): boolean {
  try {
    const [, flags = '0'] = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')) ?? []
    return (Number.parseInt(flags, 8) & (constants.O_WRONLY | constants.O_RDWR)) === constants.O_WRONLY
  } catch {
    // Not on Linux.
    return false
  }
}

/** Whether Node reads pipes into memory that it is given. Elsewhere a stream does what it can. */
function readsIntoMemory(): boolean {
  const { bun, deno } = process.versions
  const isNode = bun === undefined && deno === undefined && process.platform !== 'win32'
  if (!isNode)
    debugLine('pipes are read as streams here: reading them into memory of a part needs Node.js on a POSIX system')
  return isNode
}

async function readOwnPipe(fd: number, sink: ByteSink, closes: boolean): Promise<void> {
  const own = reopened(fd)
  if (own === undefined) return readSocket(fd, sink)
  try {
    await readPipe(own, sink)
  } finally {
    if (closes) closeSync(fd)
  }
}

async function readSocket(fd: number, sink: ByteSink): Promise<void> {
  let reading
  try {
    reading = readPipe(fd, sink)
  } catch (error) {
    throw invalidOption('body.fd', fd, `must be a file, a device, a pipe or a stream socket: ${toError(error).message}`)
  }
  await reading
}

/**
 * Reopens an anonymous pipe. Reading needs O_NONBLOCK, which is a property of the open file description: other processes
 * that have this pipe as well, such as the rest of a shell script, would find their own reads failing with EAGAIN.
 * Returns undefined if that is not possible. (A named pipe is not opened again: one whose writers are gone would
 * never report its end.)
 */
function reopened(fd: number): number | undefined {
  const path = `/proc/self/fd/${fd}`
  try {
    if (!readlinkSync(path).startsWith('pipe:')) return undefined
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch {
    // Not on Linux, or the pipe is another user's.
    return undefined
  }
}

function streamOf(fd: number, kind: 'terminal' | 'pipe'): Readable {
  if (fd === 0) return process.stdin
  return kind === 'terminal' ? new ReadStream(fd) : createReadStream('', { fd })
}
