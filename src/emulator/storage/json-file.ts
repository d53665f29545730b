/**
 * Small JSON documents that are either there whole or not there. The calls are synchronous on purpose: a commit that
 * cannot be interleaved with another one needs no locks, and a rename in the page cache takes microseconds.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'

/** Replaces the file at `path` in one step; `temporaryPath` is on the same volume. */
export function writeJsonFile(path: string, value: unknown, temporaryPath: string): void {
  try {
    writeFileSync(temporaryPath, JSON.stringify(value), { flag: 'wx' })
    renameSync(temporaryPath, path)
  } catch (error) {
    rmSync(temporaryPath, { force: true })
    throw error
  }
}

/** Returns what is in the file. Throws an error that names it where it is no JSON, as after a full disk. */
export function readJsonFile(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw new Error(`${path} cannot be read as a document of the emulator; move it out of the folder`, { cause })
  }
}
