/**
 * Stores the bodies of objects and parts. Each body is received into a separate file, and hashed meanwhile. Its
 * receiver owns the file until it is part of a committed object or upload, or discarded.
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Crc64Engine } from '../../checksum/crc64.js'
import { isDataFileName } from './check-document.js'
import { FileWriter } from './file-writer.js'
import { randomName } from './folders.js'
import type { WriteGuard } from './write-guard.js'

const READ_SIZE = 256 * 1024
const REMOVALS_AT_ONCE = 32

/** A file with a part of an object. */
export interface DataFile {
  readonly name: string
  /** Size in bytes, never 0: an empty body has no file. */
  readonly size: number
}

export interface ReceivedBody {
  /** At most one file; none for an empty body. */
  readonly files: readonly DataFile[]
  readonly size: number
  /** Lower-case hex. */
  readonly md5: string
  readonly crc64: bigint
}

export class DataFiles {
  readonly #folder: string
  readonly #crc64: Crc64Engine
  /** Files of object versions that are being read; removed after the last reader has finished. */
  readonly #readers = new Map<string, { count: number; doomed: readonly DataFile[] }>()

  constructor(folder: string, crc64: Crc64Engine) {
    this.#folder = folder
    this.#crc64 = crc64
  }

  /** Writes and hashes a body. If it rejects, because the body or the disk failed, nothing is left on disk. */
  async receive(body: AsyncIterable<Uint8Array>, guard: WriteGuard): Promise<ReceivedBody> {
    const name = randomName()
    const writer = new FileWriter(join(this.#folder, name), guard)
    const md5 = createHash('md5')
    const crc64 = this.#crc64.create()
    let size = 0
    try {
      for await (const chunk of body) {
        size += chunk.length
        md5.update(chunk)
        crc64.update(chunk)
        await writer.append(chunk)
      }
      await writer.finish()
    } catch (error) {
      await writer.abandon()
      await this.discard([{ name, size }])
      throw error
    }
    const files = size === 0 ? [] : [{ name, size }]
    return { files, size, md5: md5.digest('hex'), crc64: crc64.digest() }
  }

  /** Yields the bytes from `start` to before `end` of the concatenated files. */
  async *read(files: readonly DataFile[], start: number, end: number): AsyncGenerator<Buffer, void, undefined> {
    let offset = 0
    for (const { name, size } of files) {
      const from = Math.max(start - offset, 0)
      const to = Math.min(end - offset, size)
      offset += size
      if (from >= to) continue
      const options = { start: from, end: to - 1, highWaterMark: READ_SIZE }
      yield* createReadStream(join(this.#folder, name), options) as AsyncIterable<Buffer>
    }
  }

  /** Keeps the files of an object version on disk until the returned function is called, which must happen once. */
  hold(version: string): () => void {
    const readers = this.#readers.get(version) ?? { count: 0, doomed: [] }
    readers.count++
    this.#readers.set(version, readers)
    return () => {
      readers.count--
      if (readers.count > 0) return
      this.#readers.delete(version)
      void this.discard(readers.doomed)
    }
  }

  /** Removes the files of an object version that is no longer referenced, as soon as no reader uses it. */
  async discardVersion(version: string, files: readonly DataFile[]): Promise<void> {
    const readers = this.#readers.get(version)
    if (readers === undefined) await this.discard(files)
    else readers.doomed = files
  }

  /** Removes files. Ignores errors: a file that cannot be removed only wastes space. */
  async discard(files: readonly DataFile[]): Promise<void> {
    for (let index = 0; index < files.length; index += REMOVALS_AT_ONCE) {
      const batch = files.slice(index, index + REMOVALS_AT_ONCE)
      await Promise.allSettled(batch.map(({ name }) => unlink(join(this.#folder, name))))
    }
  }

  /** Removes files that a killed emulator left: those of its own that neither an object nor an upload refers to. */
  async discardAllBut(known: ReadonlySet<string>): Promise<void> {
    const names = await readdir(this.#folder)
    await this.discard(
      names.filter((name) => isDataFileName(name) && !known.has(name)).map((name) => ({ name, size: 0 })),
    )
  }
}
