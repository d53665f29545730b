/**
 * A checkpoint in a file. Each write replaces it atomically, and is durable when it resolves: the new text is written to
 * a temporary file beside it, synced and renamed, and the folder is synced.
 */
import { open, readFile, readlink, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'
import { invalidOption } from '../shared/check-option.js'
import { systemCodeOf, toError, UploadError } from '../shared/errors.js'
import type { LockableStore } from './checkpoint-store.js'
import { FileLock, notOurs, readWithoutWaiting } from './file-lock.js'

/** Readable by the owner only, as it contains what is uploaded where. */
const MODE = 0o600

/** The first words of every checkpoint. */
const MARK = '{"format":"oss-upload-stream-'

/** Part of the names of files beside a checkpoint, so that none belongs to another program, as `Gemfile.lock` does. */
const OURS = '.oss-upload-stream'

export class CheckpointFile implements LockableStore {
  readonly name: string
  readonly #path: string
  readonly #lock: FileLock
  readonly #isRecord: (text: string) => boolean

  /** `isRecord` returns whether a text that was not renamed into place is complete. */
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

  /** The text that a process had written but not renamed when it was killed: the upload ID is nowhere else. */
  async #firstWrite(): Promise<string | undefined> {
    const text = await readWithoutWaiting(this.#temporary).catch(() => '')
    return this.#isRecord(text) ? text : undefined
  }

  async write(text: string): Promise<void> {
    await this.#do('written', async () => {
      await this.#lock.verify()
      const temporary = this.#temporary
      // Left by a killed process: because of the lock no other is writing it. Links are not followed.
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

  /** Removes what a killed process left, complete or truncated. Throws UploadError if the file belongs to another program. */
  async #removeTemporary(): Promise<void> {
    const text = await readWithoutWaiting(this.#temporary).catch(() => '')
    // A link is removed, not its target.
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

/** Syncs a folder: without it a power failure may lose the name of a file whose content was synced. */
export async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open folders; its file systems keep a journal of names.
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
