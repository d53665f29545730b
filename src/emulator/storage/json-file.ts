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

/** What is in the file; the caller wrote it and knows its shape. */
export function readJsonFile(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'))
}
