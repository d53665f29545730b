import { invalidOption, reading, takeOptions } from '../shared/check-option.js'
import { DOWNLOAD_OPTION_NAMES, type DownloadOptions } from '../download/download-options.js'
import type { DownloadStream } from '../stream/download-stream.js'
import type { UploadStream } from '../stream/upload-stream.js'
import type { UploadTransform } from '../stream/upload-transform.js'
import { UPLOAD_OPTION_NAMES, type UploadOptions } from '../upload/upload-options.js'
import type { ObjectStore } from './object-store.js'
import { openStore } from './open-store.js'
import { parseTarget } from './target.js'

export interface CreateUploadOptions extends UploadOptions {
  /** The store to upload to. Default: a store from the environment for this upload alone, which is closed with it. */
  store?: ObjectStore | undefined
}

/**
 * Returns a Writable that uploads what is written to it as one object:
 * `await pipeline(source, upload).finally(() => upload.done)`. After a failure of the source, `upload.done` waits until the
 * upload is cleaned up, which `pipeline()` does not. `target` is `oss://bucket/key`, `obs://…`, `s3://…`, or a key, if
 * `options.store` or the environment has the bucket. Throws UploadError, before anything is sent, if something is missing or
 * invalid.
 */
export function createUploadStream(target: string, options: CreateUploadOptions = {}): UploadStream {
  const taken = takeOptions('an upload', options, ['store', ...UPLOAD_OPTION_NAMES])
  return create(target, taken, 'createUploadStream', (store, key, uploadOptions) =>
    store.createUploadStream(key, uploadOptions),
  )
}

/**
 * Returns the same as a pass-through Transform: its readable side passes on what was written, and ends when the object is
 * stored and verified.
 */
export function createUploadTransform(target: string, options: CreateUploadOptions = {}): UploadTransform {
  const taken = takeOptions('an upload', options, ['store', ...UPLOAD_OPTION_NAMES])
  return create(target, taken, 'createUploadTransform', (store, key, uploadOptions) =>
    store.createUploadTransform(key, uploadOptions),
  )
}

export interface CreateDownloadOptions extends DownloadOptions {
  /** The store to download from. Default: a store from the environment for this download alone, which is closed with it. */
  store?: ObjectStore | undefined
}

/**
 * Returns a Readable of an object, which reads several ranges at a time: `await pipeline(download, destination)`. It only
 * ends when all bytes are read and verified. `target` is as for `createUploadStream`. Throws UploadError if something is
 * missing or invalid. Nothing is sent before the stream is read.
 */
export function createDownloadStream(target: string, options: CreateDownloadOptions = {}): DownloadStream {
  const taken = takeOptions('a download', options, ['store', ...DOWNLOAD_OPTION_NAMES])
  return create(target, taken, 'createDownloadStream', (store, key, downloadOptions) =>
    store.createDownloadStream(key, downloadOptions),
  )
}

function create<
  T extends UploadStream | UploadTransform | DownloadStream,
  Options extends { store?: ObjectStore | undefined },
>(
  target: string,
  options: Options,
  verb: 'createUploadStream' | 'createUploadTransform' | 'createDownloadStream',
  make: (store: ObjectStore, key: string, options: Omit<Options, 'store'>) => T,
): T {
  const { key, ...place } = parseTarget(target)
  const { store, ...uploadOptions } = options
  if (store !== undefined) {
    const canDoIt = reading('store', () => isStore(store, verb))
    if (!canDoIt) throw invalidOption('store', store, `must be a store from openStore() with ${verb}()`)
    if (place.provider !== undefined && (place.provider !== store.provider || place.bucket !== store.bucket)) {
      throw invalidOption('target', target, `must be the bucket of the store, ${store.provider}://${store.bucket}`)
    }
    return make(store, key, uploadOptions)
  }
  const own = openStore(place.provider === undefined ? {} : place)
  const stream = make(own, key, uploadOptions)
  stream.once('close', () => {
    void own.close()
  })
  return stream
}

/** Does not ask for the class, as the store may be of another copy of the package, which may be an older one. */
function isStore(value: unknown, verb: keyof ObjectStore): boolean {
  const store = Object(value) as Partial<ObjectStore>
  return typeof store.provider === 'string' && typeof store.bucket === 'string' && typeof store[verb] === 'function'
}
