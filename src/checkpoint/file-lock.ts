/**
 * Keeps two processes, or two calls of one process, from using one file. Node.js has no system locks, so a lock file names
 * the holder, who renews it. A dead holder on this machine is detected at once; a holder on another machine counts as dead
 * when it has not renewed the lock for a minute. A holder that lost its lock while suspended notices before its next write.
 */
import { randomUUID } from 'node:crypto'
import { open, readFile, readlink, rm, stat, utimes } from 'node:fs/promises'
import { constants } from 'node:fs'
import os from 'node:os'
import process from 'node:process'
import { systemCodeOf, UploadError } from '../shared/errors.js'

const RENEWED_EVERY_MS = 10_000
const HELD_FOR_MS = 60_000

/** The first characters of a lock file: a file without them belongs to another program, whatever its name and age. */
const MARK = '{"format":"oss-upload-stream-lock",'

interface Holder {
  /** The machine and its PID namespace. */
  host: string
  pid: number
  /** Start time of the process, if known: process IDs are reused. */
  began?: string
  token: string
}

export class FileLock {
  readonly #path: string
  readonly #inUse: () => Error
  #held: { text: string; renewal: NodeJS.Timeout } | undefined

  /** `inUse` returns the error for a lock that another one holds. */
  constructor(path: string, inUse: () => Error) {
    this.#path = path
    this.#inUse = inUse
  }

  /** Takes the lock. @throws the error of `inUse` if another one holds it. */
  async take(): Promise<void> {
    if (this.#held !== undefined) return
    const text = MARK + JSON.stringify(await thisProcess()).slice(1)
    if (!(await this.#create(text))) {
      if (await this.#isHeld()) throw this.#inUse()
      await rm(this.#path, { force: true })
      if (!(await this.#create(text))) throw this.#inUse()
    }
    const renewal = setInterval(() => {
      const now = new Date()
      utimes(this.#path, now, now).catch(() => undefined)
    }, RENEWED_EVERY_MS).unref()
    this.#held = { text, renewal }
  }

  /** Checks that the lock is still held. @throws the error of `inUse` if it is not. */
  async verify(): Promise<void> {
    const held = this.#held
    if (held === undefined || (await this.#content()) !== held.text) throw this.#inUse()
  }

  async release(): Promise<void> {
    const held = this.#held
    if (held === undefined) return
    this.#held = undefined
    clearInterval(held.renewal)
    if ((await this.#content()) === held.text) await rm(this.#path, { force: true }).catch(() => undefined)
  }

  async #create(text: string): Promise<boolean> {
    let file
    try {
      file = await open(this.#path, 'wx', 0o600)
    } catch (error) {
      if (systemCodeOf(error) === 'EEXIST') return false
      throw error
    }
    try {
      await file.writeFile(text)
      return true
    } catch (error) {
      // An empty lock on a full disk would block the next run for a minute.
      await rm(this.#path, { force: true })
      throw error
    } finally {
      await file.close()
    }
  }

  async #isHeld(): Promise<boolean> {
    const text = await this.#content()
    if (text === undefined) return false
    // A truncated lock was being written when its process ended.
    if (!text.startsWith(MARK) && !MARK.startsWith(text)) throw notOurs(this.#path)
    const holder = readHolder(text)
    const own = await thisProcess()
    if (holder?.host === own.host) {
      if (!isAlive(holder.pid)) return false
      const began = await beginOf(holder.pid)
      if (began !== undefined && holder.began !== undefined) return began === holder.began
    }
    try {
      return Date.now() - (await stat(this.#path)).mtimeMs < HELD_FOR_MS
    } catch {
      return false
    }
  }

  async #content(): Promise<string | undefined> {
    return readWithoutWaiting(this.#path).catch(() => undefined)
  }
}

/** Returns the error for a file of another program at a path where one of ours must be written. */
export function notOurs(file: string): UploadError {
  return new UploadError(
    'CHECKPOINT_FAILED',
    `${JSON.stringify(file)} was not written by this library, and blocks the place of a checkpoint: move it, or choose another checkpoint`,
  )
}

/** Reads a file. A FIFO at that path reads as empty, instead of waiting for a writer. */
export async function readWithoutWaiting(file: string): Promise<string> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    return await handle.readFile('utf8')
  } finally {
    await handle.close()
  }
}

async function thisProcess(): Promise<Holder> {
  const names = await readlink('/proc/self/ns/pid').catch(() => '')
  const began = await beginOf(process.pid)
  const host = [os.hostname(), names].join(' ').trim()
  return { host, pid: process.pid, ...(began === undefined ? {} : { began }), token: randomUUID() }
}

/** Returns the start time of a process, if the system has it, which tells apart processes with the same ID. */
async function beginOf(pid: number): Promise<string | undefined> {
  try {
    const [boot, status] = await Promise.all([
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
      readFile(`/proc/${pid}/stat`, 'utf8'),
    ])
    // The name in parentheses may contain anything; after it the state is the first field, the start time the 20th.
    const fields = status.slice(status.lastIndexOf(')') + 2).split(' ')
    // A zombie: killed, but not yet waited for by its parent.
    if (fields[0] === 'Z') return 'ended'
    return fields[19] === undefined ? undefined : `${boot.trim()} ${fields[19]}`
  } catch {
    return undefined
  }
}

function isAlive(pid: number): boolean {
  try {
    // Signal 0 only checks whether the process exists.
    return process.kill(pid, 0)
  } catch (error) {
    return systemCodeOf(error) === 'EPERM'
  }
}

function readHolder(text: string): Holder | undefined {
  try {
    const { host, pid, began } = JSON.parse(text) as Partial<Holder>
    if (typeof host !== 'string' || !Number.isSafeInteger(pid) || (pid ?? 0) <= 0) return undefined
    return { host, pid: pid ?? 0, ...(typeof began === 'string' ? { began } : {}), token: '' }
  } catch {
    return undefined
  }
}
