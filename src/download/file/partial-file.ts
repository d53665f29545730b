import { Buffer } from 'node:buffer'
import { constants } from 'node:fs'
import { copyFile, type FileHandle, open, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'
import { syncFolder } from '../../checkpoint/checkpoint-file.js'
import { MiB } from '../../shared/byte-size.js'
import { systemCodeOf } from '../../shared/errors.js'
import type { Span } from '../incoming-range.js'
import { cannotWrite, type TargetFile } from './target-file.js'

/** The temporary file beside the target that ranges are written to. It is renamed to the target when it is complete. */
export class PartialFile {
  readonly #target: TargetFile
  readonly #handle: FileHandle

  private constructor(target: TargetFile, handle: FileHandle) {
    this.#target = target
    this.#handle = handle
  }

  /** Creates an empty one. @throws {UploadError} `FILE_FAILED`. */
  static async create(target: TargetFile): Promise<PartialFile> {
    return attempt(target, async () => {
      // Left by a killed process: because of the lock no other is writing it. Links are not followed.
      await rm(target.partial, { force: true })
      return new PartialFile(target, await open(target.partial, 'wx+', target.mode))
    })
  }

  /** Opens the partial file of a previous run; resolves with undefined if there is none. */
  static async reopen(target: TargetFile): Promise<PartialFile | undefined> {
    // Windows does not have this flag.
    const noFollow: number = (constants as Partial<typeof constants>).O_NOFOLLOW ?? 0
    const handle = await open(target.partial, constants.O_RDWR | noFollow).catch(() => undefined)
    if (handle === undefined) return undefined
    const found = await handle.stat().catch(async (error: unknown) => {
      await handle.close()
      throw cannotWrite(target, error)
    })
    // A file of another user must not become the target.
    if (found.isFile() && found.nlink === 1 && found.uid === (process.geteuid?.() ?? found.uid)) {
      return new PartialFile(target, handle)
    }
    await handle.close()
    return undefined
  }

  /** Writes all bytes at `position`. @throws {UploadError} `FILE_FAILED`. */
  async write(segments: readonly Uint8Array[], position: number): Promise<void> {
    await attempt(this.#target, async () => {
      let at = position
      for (const segment of segments) {
        for (let done = 0; done < segment.length;) {
          const { bytesWritten } = await this.#handle.write(segment, done, segment.length - done, at)
          done += bytesWritten
          at += bytesWritten
        }
      }
    })
  }

  /** Calls `take` with the bytes of a span, in order, up to the end of the file. */
  async read({ start, end }: Span, take: (bytes: Uint8Array) => void, signal: AbortSignal): Promise<void> {
    const buffer = Buffer.allocUnsafe(Math.min(MiB, end - start))
    await attempt(this.#target, async () => {
      for (let at = start; at < end;) {
        signal.throwIfAborted()
        const { bytesRead } = await this.#handle.read(buffer, 0, Math.min(buffer.length, end - at), at)
        if (bytesRead === 0) return
        take(buffer.subarray(0, bytesRead))
        at += bytesRead
      }
    })
  }

  /** Replaces the target, which is durable when this resolves. @throws {UploadError} `FILE_FAILED`. */
  async publish(): Promise<void> {
    const { partial, place } = this.#target
    await attempt(this.#target, async () => {
      await this.#handle.sync()
      try {
        await rename(partial, place)
        await syncFolder(path.dirname(place))
      } catch (error) {
        // A bind-mounted file, as in containers, cannot be replaced: copy the verified bytes into it.
        if (systemCodeOf(error) !== 'EBUSY') throw error
        await copyFile(partial, place)
        await rm(partial, { force: true })
      }
    })
  }

  async close(): Promise<void> {
    await this.#handle.close()
  }

  /** Closes and removes it. */
  async discard(): Promise<void> {
    await this.close()
    await rm(this.#target.partial, { force: true })
  }
}

async function attempt<T>(target: TargetFile, task: () => Promise<T>): Promise<T> {
  try {
    return await task()
  } catch (error) {
    throw systemCodeOf(error) === undefined ? error : cannotWrite(target, error)
  }
}
