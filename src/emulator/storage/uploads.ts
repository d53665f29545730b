/**
 * Unfinished multipart uploads. On disk an upload is a JSON document and a log with a line for each part, so that the
 * cost of a part does not depend on the number of parts.
 */
import { appendFileSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { ContentChecksum } from '../checksums/content-checksum.js'
import { checkDocument, hasDataFiles } from './check-document.js'
import { compareUtf8 } from './compare-utf8.js'
import type { DataFile, DataFiles } from './data-files.js'
import { temporaryPath, type Folders } from './folders.js'
import { readJsonFile, writeJsonFile } from './json-file.js'
import type { ObjectProperties } from './stored-object.js'
import type { WriteGuard } from './write-guard.js'

export interface Upload {
  readonly uploadId: string
  readonly bucket: string
  readonly key: string
  /** ISO 8601. */
  readonly initiated: string
  readonly properties: ObjectProperties
}

export interface StoredPart {
  readonly partNumber: number
  readonly size: number
  /** ETag, in lower-case hex: the MD5, unless the service returns another value. */
  readonly etag: string
  /** CRC-64/XZ as unsigned decimal. */
  readonly crc64: string
  /** The checksum of the upload's algorithm, besides the CRC-64/XZ. */
  readonly checksum?: ContentChecksum | undefined
  /** ISO 8601. */
  readonly lastModified: string
  readonly files: readonly DataFile[]
}

interface OpenUpload {
  readonly upload: Upload
  readonly parts: Map<number, StoredPart>
}

export class Uploads {
  readonly #folders: Folders
  readonly #data: DataFiles
  readonly #open = new Map<string, OpenUpload>()

  constructor(folders: Folders, data: DataFiles) {
    this.#folders = folders
    this.#data = data
  }

  /**
   * Loads the unfinished uploads of a previous run. An upload in `completed` became an object just before the emulator
   * was killed: its parts belong to that object.
   */
  load(completed: ReadonlySet<string>): void {
    for (const name of readdirSync(this.#folders.uploads)) {
      if (!name.endsWith('.json')) continue
      const path = join(this.#folders.uploads, name)
      const upload = checkDocument<Upload>(path, readJsonFile(path), ['uploadId', 'bucket', 'key', 'initiated'])
      // The ID determines the names of files that are removed.
      if (`${upload.uploadId}.json` !== name) throw new Error(`${path} is the document of another upload; move it out`)
      if (completed.has(upload.uploadId)) this.#removeDocuments(upload.uploadId)
      else this.#open.set(upload.uploadId, { upload, parts: this.#readParts(upload.uploadId) })
    }
  }

  create(upload: Upload, guard: WriteGuard): void {
    guard.beforeWrite()
    writeJsonFile(this.#documentPath(upload.uploadId), upload, temporaryPath(this.#folders))
    this.#open.set(upload.uploadId, { upload, parts: new Map() })
  }

  find(bucket: string, key: string, uploadId: string): Upload | undefined {
    const upload = this.#open.get(uploadId)?.upload
    return upload?.bucket === bucket && upload.key === key ? upload : undefined
  }

  /** The uploads of the bucket, sorted by key and then by ID. */
  list(bucket: string): Upload[] {
    return [...this.#open.values()]
      .map(({ upload }) => upload)
      .filter((upload) => upload.bucket === bucket)
      .sort((a, b) => compareUtf8(a.key, b.key) || compareUtf8(a.uploadId, b.uploadId))
  }

  /** The parts, sorted by number. */
  parts(uploadId: string): StoredPart[] {
    const parts = [...(this.#open.get(uploadId)?.parts.values() ?? [])]
    return parts.sort((a, b) => a.partNumber - b.partNumber)
  }

  /** Adds a part, or replaces the one of that number. Returns false if the upload has ended meanwhile. */
  async addPart(uploadId: string, part: StoredPart, guard: WriteGuard): Promise<boolean> {
    const open = this.#open.get(uploadId)
    if (open === undefined) return false
    guard.beforeWrite()
    // A line break first: a killed process may have left an incomplete line.
    appendFileSync(this.#logPath(uploadId), `\n${JSON.stringify(part)}`)
    const replaced = open.parts.get(part.partNumber)
    open.parts.set(part.partNumber, part)
    if (replaced !== undefined) await this.#data.discard(replaced.files)
    return true
  }

  /** Ends the upload. Resolves when the data of all parts except those in `kept` is removed. */
  async remove(uploadId: string, kept: ReadonlySet<StoredPart>): Promise<void> {
    const parts = this.parts(uploadId)
    this.#open.delete(uploadId)
    this.#removeDocuments(uploadId)
    await this.#data.discard(parts.filter((part) => !kept.has(part)).flatMap(({ files }) => files))
  }

  /** Yields the names of the data files of unfinished uploads. */
  *fileNames(): Generator<string, void, undefined> {
    for (const { parts } of this.#open.values()) {
      for (const { files } of parts.values()) {
        for (const { name } of files) yield name
      }
    }
  }

  #readParts(uploadId: string): Map<number, StoredPart> {
    const parts = new Map<number, StoredPart>()
    for (const line of this.#readLog(uploadId).split('\n')) {
      const part = parsePart(line)
      if (part !== undefined) parts.set(part.partNumber, part)
    }
    return parts
  }

  #readLog(uploadId: string): string {
    try {
      return readFileSync(this.#logPath(uploadId), 'utf8')
    } catch {
      // No part has been received yet.
      return ''
    }
  }

  #removeDocuments(uploadId: string): void {
    rmSync(this.#documentPath(uploadId), { force: true })
    rmSync(this.#logPath(uploadId), { force: true })
  }

  #documentPath(uploadId: string): string {
    return join(this.#folders.uploads, `${uploadId}.json`)
  }

  #logPath(uploadId: string): string {
    return join(this.#folders.uploads, `${uploadId}.parts`)
  }
}

/** Returns undefined for an incomplete line, or one that refers to files that the emulator did not write. */
function parsePart(line: string): StoredPart | undefined {
  try {
    const part: unknown = JSON.parse(line)
    return hasDataFiles(part) ? (part as StoredPart) : undefined
  } catch {
    return undefined
  }
}
