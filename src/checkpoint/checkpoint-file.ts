/**
 * A checkpoint in a file of its own. It is replaced in one step, and durable when a write resolves: the new text is
 * written beside it, synced, renamed over it, and the folder synced.
 */
import { open, readFile, readlink, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'
import { invalidOption } from '../shared/check-option.js'
import { systemCodeOf, toError, UploadError } from '../shared/errors.js'
import type { LockableStore } from './checkpoint-store.js'
import { FileLock, notOurs, readWithoutWaiting } from './file-lock.js'

/** Nobody else's to read: it tells what is uploaded where. */
const MODE = 0o600

/** The first words of every checkpoint. */
const MARK = '{"format":"oss-upload-stream-'

/** In the names of what lies beside a checkpoint, so that it is nobody else's: `Gemfile.lock` is. */
const OURS = '.oss-upload-stream'

export class CheckpointFile implements LockableStore {
  readonly name: string
  readonly #path: string
  readonly #lock: FileLock
  readonly #isRecord: (text: string) => boolean

  /** `isRecord`: whether a text that no process has put in its place yet is whole. */
  constructor(file: string, isRecord: (text: string) => boolean) {
    this.name = file
    this.#path = path.resolve(file)
    this.#isRecord = isRecord
    const lock = `${this.#path}${OURS}.lock`
    this.#lock = new FileLock(lock, () => inUse(this.#path, lock))
  }

  async read(): Promise<string | undefined> {
    return this.#do('read', async () => {
      try {
        const found = await stat(this.#path)
        if (!found.isFile()) throw invalidOption('checkpoint', this.#path, 'must be a file')
        return await readFile(this.#path, 'utf8')
      } catch (error) {
        if (!isMissing(error)) throw error
        await this.#checkFolder()
        return this.#firstWrite()
      }
    })
  }

  /** What a process had written, but not yet renamed, when it was killed: nothing else knows the upload ID. */
  async #firstWrite(): Promise<string | undefined> {
    const text = await readWithoutWaiting(this.#temporary).catch(() => '')
    return this.#isRecord(text) ? text : undefined
  }

  async write(text: string): Promise<void> {
    await this.#do('written', async () => {
      await this.#lock.verify()
      const temporary = this.#temporary
      // Of a process that was killed: the lock says that nobody is writing it. Never through a link that lies there.
      await this.#removeTemporary()
      const file = await open(temporary, 'wx', MODE)
      try {
        await file.writeFile(text)
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(temporary, this.#path)
      await syncFolder(path.dirname(this.#path))
    })
  }

  async remove(): Promise<void> {
    await this.#do('removed', async () => {
      await this.#lock.verify()
      await this.#removeTemporary()
      await rm(this.#path, { force: true })
    })
  }

  /** Of a process that was killed, whole or cut short. Throws UploadError where it is a file of others. */
  async #removeTemporary(): Promise<void> {
    const text = await readWithoutWaiting(this.#temporary).catch(() => '')
    // A link goes, and what it leads to stays.
    const isLink = (await readlink(this.#temporary).catch(() => undefined)) !== undefined
    if (!isLink && !text.startsWith(MARK) && !MARK.startsWith(text)) throw notOurs(this.#temporary)
    await rm(this.#temporary, { force: true })
  }

  get #temporary(): string {
    return `${this.#path}${OURS}.new`
  }

  async lock(): Promise<void> {
    await this.#do('locked', () => this.#lock.take())
  }

  async unlock(): Promise<void> {
    await this.#lock.release()
  }

  async #checkFolder(): Promise<void> {
    const folder = path.dirname(this.#path)
    try {
      await stat(folder)
    } catch (error) {
      if (!isMissing(error)) throw error
      throw invalidOption(
        'checkpoint',
        this.#path,
        `must be in a folder that exists: there is no ${JSON.stringify(folder)}`,
      )
    }
  }

  async #do<T>(what: string, task: () => Promise<T>): Promise<T> {
    try {
      return await task()
    } catch (error) {
      if (error instanceof UploadError) throw error
      const cause = toError(error)
      const message = `the checkpoint ${JSON.stringify(this.#path)} cannot be ${what}: ${cause.message}`
      throw new UploadError('CHECKPOINT_FAILED', message, { cause })
    }
  }
}

function inUse(checkpoint: string, lock: string): UploadError {
  return new UploadError(
    'CHECKPOINT_FAILED',
    `the checkpoint ${JSON.stringify(checkpoint)} is in use by another upload or download (its lock is ${JSON.stringify(lock)})`,
  )
}

function isMissing(error: unknown): boolean {
  return systemCodeOf(error) === 'ENOENT'
}

/** Without it the name of a file may be lost with the power, although its content is not. */
export async function syncFolder(folder: string): Promise<void> {
  // Windows does not open folders; its file systems keep a journal of names.
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
