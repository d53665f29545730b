/** Locks a folder: two emulators in one folder would remove each other's unfinished files. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import process from 'node:process'

/** Locks of this process: in a restarted container the process ID in an old lock may be that of the new process. */
const own = new Set<string>()

/** Takes the lock, and returns a function that releases it. Takes over a lock whose process has ended. */
export function lockFolder(path: string, directory: string): () => void {
  if (!tryLock(path)) {
    if (isHeld(path)) throw new Error(`The folder ${directory} is in use by another emulator (its lock is ${path})`)
    rmSync(path, { force: true })
    if (!tryLock(path)) throw new Error(`The folder ${directory} has just been taken by another emulator`)
  }
  own.add(path)
  return () => {
    own.delete(path)
    rmSync(path, { force: true })
  }
}

function tryLock(path: string): boolean {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

function isHeld(path: string): boolean {
  if (own.has(path)) return true
  try {
    const pid = Number(readFileSync(path, 'utf8'))
    // Signal 0 only checks whether the process exists.
    return pid !== process.pid && process.kill(pid, 0)
  } catch (error) {
    // EPERM: a process of another user. EACCES: a lock that only its owner may read.
    return ['EPERM', 'EACCES'].includes(codeOf(error))
  }
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
}
