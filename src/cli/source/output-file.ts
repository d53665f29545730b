/** A file that is there whole, or as it was: written beside its place and moved there in the end. */
import { randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { open, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Writable } from 'node:stream'
import { EXIT } from '../process/exit-codes.js'
import { Failure, messageOf } from '../process/failure.js'

export interface OutputFile {
  stream: Writable
  /** All has been written: from now on it is there. */
  publish(): Promise<void>
  discard(): Promise<void>
}

export async function openOutputFile(path: string): Promise<OutputFile> {
  const place = await realpath(path).catch(() => path)
  const found = await stat(place).catch(() => undefined)
  if (found?.isDirectory() === true) throw new Failure(EXIT.usage, `-o ${path} is a folder: give the name of a file`)
  if (found !== undefined && !found.isFile()) {
    // A device or a pipe cannot be replaced: /dev/null is to stay what it is.
    return { stream: createWriteStream(place), publish: () => Promise.resolve(), discard: () => Promise.resolve() }
  }
  // Of no name that another process may have left: in a container every run has the same process id. A name has 255 bytes
  // at most, and a character up to three.
  const temporary = join(dirname(place), `.${basename(place).slice(0, 75)}.ossup-${randomBytes(6).toString('hex')}`)
  // Who could not read the file that was there cannot read the new one.
  const handle = await open(temporary, 'wx', (found?.mode ?? 0o666) & 0o777).catch((error: unknown) => {
    throw new Failure(EXIT.failed, `${path} cannot be written: ${messageOf(error)}`, error)
  })
  return {
    stream: handle.createWriteStream({ flush: true }),
    publish: () => rename(temporary, place),
    discard: () => rm(temporary, { force: true }),
  }
}
