/** The target of a download, and the files beside it during the download. */
import { createHash } from 'node:crypto'
import type { Stats } from 'node:fs'
import { readlink, realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import { invalidOption } from '../../shared/check-option.js'
import { systemCodeOf, toError, UploadError } from '../../shared/errors.js'

export interface TargetFile {
  /** Path as given by the caller. */
  given: string
  /** Absolute path after following links. */
  place: string
  /** Mode of the new file: that of the existing file. */
  mode: number
  /** Path of the partial file. */
  partial: string
  lock: string
  /** Default path of the checkpoint, on the same disk as the partial file. */
  checkpoint: string
}

/** The limit of Linux for links to follow. */
const MAX_LINKS = 40

/** @throws {UploadError} `INVALID_OPTION` if the path exists and is not a file. */
export async function resolveTarget(given: string): Promise<TargetFile> {
  const found = await stat(given).catch(() => undefined)
  if (/[/\\]$/.test(given) || found?.isDirectory() === true) {
    throw invalidOption('path', given, 'must not be a folder: give the name of a file')
  }
  if (found !== undefined && !found.isFile()) {
    const what = found.isFIFO() ? 'a pipe' : found.isSocket() ? 'a socket' : 'a device'
    throw invalidOption(
      'path',
      given,
      `must not be ${what}, which cannot be replaced: pipe createDownloadStream() into it`,
    )
  }
  return besides(given, await followLinks(path.resolve(given)), found)
}

function besides(given: string, place: string, found: Stats | undefined): TargetFile {
  const hash = createHash('sha256').update(place).digest('hex').slice(0, 12)
  // A name has at most 255 bytes, and a character up to three.
  const name = path.join(path.dirname(place), `.${path.basename(place).slice(0, 60)}.ossup-${hash}`)
  return {
    given,
    place,
    mode: (found?.mode ?? 0o666) & 0o777,
    partial: `${name}.partial`,
    lock: `${name}.lock`,
    checkpoint: `${name}.checkpoint`,
  }
}

/** Follows links to a file that need not exist. */
async function followLinks(file: string): Promise<string> {
  let place = file
  for (let links = 0; links < MAX_LINKS; links += 1) {
    const target: string | undefined = await readlink(place).catch(() => undefined)
    if (target === undefined) break
    place = path.resolve(path.dirname(place), target)
  }
  // The folder may be a link as well, which another call does not use.
  const folder = await realpath(path.dirname(place)).catch(() => path.dirname(place))
  return path.join(folder, path.basename(place))
}

/** Returns an error that contains the path and advice. */
export function cannotWrite({ given }: TargetFile, error: unknown): UploadError {
  if (error instanceof UploadError) return error
  const cause = toError(error)
  const message = `${JSON.stringify(given)} cannot be written: ${cause.message}${adviceFor(systemCodeOf(error))}`
  return new UploadError('FILE_FAILED', message, { cause })
}

function adviceFor(code: unknown): string {
  switch (code) {
    case 'ENOENT':
      return '; create the folder first'
    case 'EACCES':
    case 'EROFS':
    case 'EPERM':
      return '; the file is replaced, so its folder must be writable'
    default:
      return ''
  }
}

export function inUse({ given, lock }: TargetFile): UploadError {
  const message = `${JSON.stringify(given)} is being written by another download (its lock is ${JSON.stringify(lock)})`
  return new UploadError('FILE_FAILED', message, { retryable: true })
}
