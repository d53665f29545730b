/** The sources of an upload: standard input, a file, or the output of a command. */
import { constants, open as openCallback, type Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import process from 'node:process'
import { promisify } from 'node:util'
import type { ObjectStore, UploadBody, UploadOptions, UploadResult } from '../../index.js'
import { EXIT } from '../process/exit-codes.js'
import { Failure, messageOf } from '../process/failure.js'

const open = promisify(openCallback)

export interface Source {
  /** For messages. */
  name: string
  /** A file that was given by its name, which may be empty on purpose. */
  isFile?: boolean
  /** Bytes, if known. */
  size?: number
  /** Uploads all of it. Rejects with the error of the library. */
  upload(store: ObjectStore, key: string, options: UploadOptions): Promise<UploadResult>
}

/** The command after `--`. */
export interface CommandLine {
  words: readonly string[]
  exitCodes: readonly number[] | undefined
  idleMs: number | undefined
}

/** `report` is called with what the command writes on standard error, where that is not to go to the terminal by itself. */
export function commandSource(
  { words, exitCodes, idleMs }: CommandLine,
  descriptors: readonly number[],
  report: ((chunk: Uint8Array) => void) | undefined,
): Source {
  const [name = '', ...args] = words
  const run = { stdin: 'inherit', stderr: report ?? 'inherit', descriptors, exitCodes, idleMs } as const
  return { name, upload: (store, key, options) => store.uploadCommand(key, name, args, { ...options, ...run }) }
}

export function bodySource(name: string, body: UploadBody): Source {
  return { name, upload: (store, key, options) => store.upload(key, body, options) }
}

export async function fileSource(path: string): Promise<Source> {
  const found = await statsOf(path)
  if (found.isDirectory()) throw new Failure(EXIT.source, `${path} is a folder: give files, or pipe an archive of it`)
  // Files such as those in /proc report a size of 0 although they have content.
  if (found.isFile() && found.size > 0) return regularFileSource(path, found.size)
  const descriptor = descriptorNamedBy(path)
  return { ...bodySource(path, { fd: descriptor ?? (await openSpecial(path, found)) }), isFile: found.isFile() }
}

/** Reads several parts at a time. Refuses a file that changes meanwhile. */
function regularFileSource(path: string, size: number): Source {
  return {
    name: path,
    isFile: true,
    size,
    upload: (store, key, options) => {
      // Without --checkpoint the command leaves nothing behind.
      const own = { ...options, checkpoint: options.checkpoint ?? false }
      // The size is known, and all parts are equal.
      delete own.expectedSize
      delete own.partGrowth
      return store.uploadFile(key, path, own)
    },
  }
}

async function statsOf(path: string): Promise<Stats> {
  try {
    return await stat(path)
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    const message = isMissing
      ? `there is no file ${path}; a command must follow --`
      : `${path} cannot be read: ${messageOf(error)}`
    throw new Failure(EXIT.source, message, error)
  }
}

/** Recognizes names of descriptors of this process. A socket, or a pipe of another user, cannot be opened by such a name. */
function descriptorNamedBy(path: string): number | undefined {
  if (path === '/dev/stdin') return 0
  const [, digits] = /^\/(?:dev|proc\/self)\/fd\/(\d{1,3})$/.exec(path) ?? []
  return digits === undefined ? undefined : Number(digits)
}

/** Opens a named pipe without waiting for a writer, because that wait could not be cancelled. The first read waits instead. */
async function openSpecial(path: string, found: Stats): Promise<number> {
  const isWaitedFor = found.isFIFO() && process.platform === 'linux'
  try {
    return await open(path, constants.O_RDONLY | (isWaitedFor ? constants.O_NONBLOCK : 0))
  } catch (error) {
    throw new Failure(EXIT.source, `${path} cannot be read: ${messageOf(error)}`, error)
  }
}
