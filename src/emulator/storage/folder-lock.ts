/** Keeps two emulators out of one folder: each would take the other's unfinished files for leftovers. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import process from 'node:process'

/** Locks of this process, which a restarted container would otherwise mistake for those of its predecessor. */
const own = new Set<string>()

/** Takes the lock and returns how to give it back. A lock whose process is gone is taken over. */
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
    // Signal 0 only asks whether the process is there.
    return pid !== process.pid && process.kill(pid, 0)
  } catch (error) {
    // A process of another user, or a lock that only its owner may read, is there all the same.
    return ['EPERM', 'EACCES'].includes(codeOf(error))
  }
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
}
