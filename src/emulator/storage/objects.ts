/**
 * The committed objects. An object is a JSON document that refers to its data files; replacing the document is the
 * commit. Commits are synchronous, so that two commits of one key cannot interleave.
 */
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { checkDocument, hasDataFiles } from './check-document.js'
import { compareUtf8 } from './compare-utf8.js'
import type { DataFiles } from './data-files.js'
import { objectPath, temporaryPath, type Folders } from './folders.js'
import { readJsonFile, writeJsonFile } from './json-file.js'
import type { StoredObject } from './stored-object.js'
import type { WriteGuard } from './write-guard.js'

export class Objects {
  readonly #folders: Folders
  readonly #data: DataFiles
  /** Invariant: a key is listed if and only if its document is on disk. */
  readonly #keys = new Map<string, Set<string>>()
  /** Cache of sorted keys, until the keys of the bucket change. */
  readonly #sorted = new Map<string, readonly string[]>()

  constructor(folders: Folders, data: DataFiles) {
    this.#folders = folders
    this.#data = data
  }

  /** Loads the objects of previous runs. */
  *load(): Generator<StoredObject, void, undefined> {
    for (const name of readdirSync(this.#folders.objects)) {
      const object = readObject(join(this.#folders.objects, name))
      this.#keysOf(object.bucket).add(object.key)
      yield object
    }
  }

  has(bucket: string, key: string): boolean {
    return this.#keys.get(bucket)?.has(key) ?? false
  }

  find(bucket: string, key: string): StoredObject | undefined {
    if (!this.has(bucket, key)) return undefined
    return readObject(objectPath(this.#folders, bucket, key))
  }

  /** Returns the names of the known buckets, sorted. */
  buckets(): string[] {
    return [...this.#keys.keys()].sort()
  }

  /** Adds a bucket, until the emulator ends or for as long as it contains an object. */
  addBucket(bucket: string): void {
    this.#keysOf(bucket)
  }

  /** The bucket's keys in the order of their UTF-8 bytes. */
  list(bucket: string): readonly string[] {
    const sorted = this.#sorted.get(bucket) ?? [...(this.#keys.get(bucket) ?? [])].sort(compareUtf8)
    this.#sorted.set(bucket, sorted)
    return sorted
  }

  /** Commits `object` under its key. Resolves when the files of the replaced object are removed. */
  commit(object: StoredObject, guard: WriteGuard): Promise<void> {
    const { bucket, key } = object
    guard.beforeWrite()
    const replaced = this.find(bucket, key)
    writeJsonFile(objectPath(this.#folders, bucket, key), object, temporaryPath(this.#folders))
    if (replaced === undefined) {
      this.#keysOf(bucket).add(key)
      this.#sorted.delete(bucket)
      return Promise.resolve()
    }
    return this.#data.discardVersion(replaced.version, replaced.files)
  }

  /** Replaces what is recorded of an object whose content stays. */
  describe(object: StoredObject, guard: WriteGuard): void {
    guard.beforeWrite()
    writeJsonFile(objectPath(this.#folders, object.bucket, object.key), object, temporaryPath(this.#folders))
  }

  /** Removes an object. Resolves with whether it existed, when its files are removed. */
  async remove(bucket: string, key: string): Promise<boolean> {
    const object = this.find(bucket, key)
    if (object === undefined) return false
    rmSync(objectPath(this.#folders, bucket, key), { force: true })
    this.#keys.get(bucket)?.delete(key)
    this.#sorted.delete(bucket)
    await this.#data.discardVersion(object.version, object.files)
    return true
  }

  #keysOf(bucket: string): Set<string> {
    const keys = this.#keys.get(bucket) ?? new Set()
    this.#keys.set(bucket, keys)
    return keys
  }
}

function readObject(path: string): StoredObject {
  const object = checkDocument<StoredObject>(path, readJsonFile(path), ['bucket', 'key', 'version', 'etag', 'crc64'])
  if (hasDataFiles(object)) return object
  throw new Error(`${path} names files that are not the emulator's; move it out of the folder`)
}
