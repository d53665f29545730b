import { UploadError } from '../shared/errors.js'
import type { ObjectHead, ReadOptions, StoreDriver } from '../stores/store-driver.js'

/** The properties that identify an object. */
export type ObjectIdentity = Pick<ObjectHead, 'etag' | 'size' | 'versionId'>

/** An object that is pinned by the first response. */
export interface PinnedObject {
  driver: StoreDriver
  key: string
  /** Properties in the first response. */
  object: ObjectHead
  read: ReadOptions
}

/**
 * The object that a download reads. Its version is compared, but not requested: reading a version by its ID requires another
 * permission, which readers often lack.
 */
export class ObjectPin {
  readonly #bucket: string
  readonly #key: string
  #object: ObjectHead | undefined

  constructor(bucket: string, key: string) {
    this.#bucket = bucket
    this.#key = key
  }

  /** Properties in the first response; undefined before that. */
  get object(): ObjectHead | undefined {
    return this.#object
  }

  /** Pins the object of the first response. @throws {UploadError} if a later one is about another object. */
  check(found: ObjectHead): void {
    if (this.#object === undefined) this.#object = found
    else if (!isSameObject(this.#object, found)) throw this.#changed('replaced')
  }

  /** Returns the error of a failed request: once the object is pinned, it may be deleted or replaced. */
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
