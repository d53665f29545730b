import { UploadError } from '../shared/errors.js'
import type { ObjectHead, ReadOptions, StoreDriver } from '../stores/store-driver.js'

/** What shows that two responses are about the same object. */
export type ObjectIdentity = Pick<ObjectHead, 'etag' | 'size' | 'versionId'>

/** An object whose first response is there. */
export interface PinnedObject {
  driver: StoreDriver
  key: string
  /** What the first response said. */
  object: ObjectHead
  read: ReadOptions
}

/**
 * The one object that a download reads. The version is compared and not asked for: to name a version takes a permission of its own,
 * which those who may read the object often lack.
 */
export class ObjectPin {
  readonly #bucket: string
  readonly #key: string
  #object: ObjectHead | undefined

  constructor(bucket: string, key: string) {
    this.#bucket = bucket
    this.#key = key
  }

  /** What the first response said; undefined before that. */
  get object(): ObjectHead | undefined {
    return this.#object
  }

  /** Pins what the first response says. @throws {UploadError} where a later one is about another object. */
  check(found: ObjectHead): void {
    if (this.#object === undefined) this.#object = found
    else if (!isSameObject(this.#object, found)) throw this.#changed('replaced')
  }

  /** What a failed request means once the object is pinned: that it is gone, or another one. */
  failureOf(error: unknown): unknown {
    if (this.#object === undefined || !(error instanceof UploadError)) return error
    if (error.status === 412 || error.status === 416) return this.#changed('replaced', error)
    return error.status === 404 ? this.#changed('deleted', error) : error
  }

  #changed(how: string, cause?: unknown): UploadError {
    const key = this.#key
    const message = `${JSON.stringify(key)} was ${how} while it was read: start over`
    return new UploadError('SOURCE_CHANGED', message, { bucket: this.#bucket, key, retryable: true, cause })
  }
}

export function isSameObject(a: ObjectIdentity, b: ObjectIdentity): boolean {
  return a.etag === b.etag && a.size === b.size && a.versionId === b.versionId
}
