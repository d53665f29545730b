/**
 * Small JSON documents that are replaced atomically. The calls are synchronous on purpose: commits that cannot
 * interleave need no locks, and a rename in the page cache takes microseconds.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'

/** Replaces the file at `path` atomically; `temporaryPath` must be on the same volume. */
export function writeJsonFile(path: string, value: unknown, temporaryPath: string): void {
  try {
    writeFileSync(temporaryPath, JSON.stringify(value), { flag: 'wx' })
    renameSync(temporaryPath, path)
  } catch (error) {
    rmSync(temporaryPath, { force: true })
    throw error
  }
}

/** Returns the content of the file. Throws an error with its path if it is not JSON, for example after a full disk. */
export function readJsonFile(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw new Error(`${path} cannot be read as a document of the emulator; move it out of the folder`, { cause })
  }
}
