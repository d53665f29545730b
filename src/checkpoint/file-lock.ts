/**
 * Keeps two processes, or two calls of one, away from one file. Node has no locks of the system's: a file says who holds it, and its age
 * that the holder lives. A holder of this machine that is gone is known at once; any other is taken for gone when it has
 * not renewed its lock for a minute. Whoever lost the lock all the same, having been asleep, finds out before its next write.
 */
import { randomUUID } from 'node:crypto'
import { open, readFile, readlink, rm, stat, utimes } from 'node:fs/promises'
import { constants } from 'node:fs'
import os from 'node:os'
import process from 'node:process'
import { systemCodeOf, UploadError } from '../shared/errors.js'

const RENEWED_EVERY_MS = 10_000
const HELD_FOR_MS = 60_000

/** The first words of a lock's content: a file without them is somebody else's, whatever its name and age. */
const MARK = '{"format":"oss-upload-stream-lock",'

interface Holder {
  /** The machine, and what numbers its processes. */
  host: string
  pid: number
  /** When the process began, where that is known: a process id is used again. */
  began?: string
  token: string
}

export class FileLock {
  readonly #path: string
  readonly #inUse: () => Error
  #held: { text: string; renewal: NodeJS.Timeout } | undefined

  /** `inUse` makes the error that says that another one holds it. */
  constructor(path: string, inUse: () => Error) {
    this.#path = path
    this.#inUse = inUse
  }

  /** @throws what `inUse` makes where another one holds it. */
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

  /** @throws the same where it is not held any more. */
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
      // An empty lock on a full disk would keep the next run away for a minute.
      await rm(this.#path, { force: true })
      throw error
    } finally {
      await file.close()
    }
  }

  async #isHeld(): Promise<boolean> {
    const text = await this.#content()
    if (text === undefined) return false
    // One that is cut short was being written when its process ended.
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

/** Of a file that lies where one of ours is to be written. */
export function notOurs(file: string): UploadError {
  return new UploadError(
    'CHECKPOINT_FAILED',
    `${JSON.stringify(file)} was not written by this library, and is in the way of a checkpoint: move it, or choose another checkpoint`,
  )
}

/** A pipe that lies in the place of the file ends at once, instead of waiting for its writer. */
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

/** Which process of a number it is, where the system tells. */
async function beginOf(pid: number): Promise<string | undefined> {
  try {
    const [boot, status] = await Promise.all([
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
      readFile(`/proc/${pid}/stat`, 'utf8'),
    ])
    // The name in parentheses may have anything in it; the time is the 20th field after it, the state the first.
    const fields = status.slice(status.lastIndexOf(')') + 2).split(' ')
    // Killed, but its parent has not asked for its status yet.
    if (fields[0] === 'Z') return 'ended'
    return fields[19] === undefined ? undefined : `${boot.trim()} ${fields[19]}`
  } catch {
    return undefined
  }
}

function isAlive(pid: number): boolean {
  try {
    // Signal 0 only asks.
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
