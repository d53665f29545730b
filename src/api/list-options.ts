/** The options of listings. */
import { checkObject, checkString, invalidOption, reading } from '../shared/check-option.js'
import type { ObjectsPageRequest, StoreDriver, UploadAddress, UploadsPageRequest } from '../stores/store-driver.js'
import { type CallOptions, takeCallOptions } from './call-options.js'
import { checkUploadAddress } from './parts/upload-address.js'

export interface ListOptions extends CallOptions {
  /** Largest number of results. Default: all. */
  limit?: number | undefined
  /** Number of results to request at a time, 1 to 1,000. Default 1,000. */
  pageSize?: number | undefined
}

/** Which parts to list. */
export interface ListPartsOptions extends ListOptions {
  /** Lists parts after this number, such as `next` of a page. */
  after?: number | undefined
}

/** Which unfinished uploads to list. */
export interface ListUploadsOptions extends ListOptions {
  /** Lists uploads of keys that start with this prefix. */
  prefix?: string | undefined
  /** Lists uploads of later keys and, with an upload ID, later uploads of the same key: `next` of a page, or an upload. */
  after?: UploadsMarker | undefined
}

/** Which unfinished uploads to list, and how to group them. */
export interface ListUploadPagesOptions extends ListUploadsOptions {
  /** Groups keys that contain it after `prefix`: each group is listed once, as a common prefix, instead of its uploads. */
  delimiter?: string | undefined
}

/** Which objects to list. */
export interface ListObjectsOptions extends ListOptions {
  /** Lists objects whose keys start with this prefix. Default: all of the bucket. */
  prefix?: string | undefined
  /** Lists objects after this key, in the order of UTF-8 bytes, or after a page: its `next`. */
  after?: string | ObjectsPageMarker | undefined
}

/** Which objects to list, and how to group them. */
export interface ListObjectPagesOptions extends ListObjectsOptions {
  /** Groups keys that contain it after `prefix`: each group is listed once, as a common prefix, instead of its objects. */
  delimiter?: string | undefined
}

/** The end of a page of objects, as plain JSON. Valid with the same `prefix` and `delimiter`. */
export interface ObjectsPageMarker {
  token: string
}

/** A position in the order of unfinished uploads: by key, then by upload ID. */
export interface UploadsMarker {
  key: string
  uploadId?: string | undefined
}

const NAMES = ['after', 'limit', 'pageSize']
const GROUPED_NAMES = [...NAMES, 'prefix', 'delimiter']

/** Returns the checked options of a listing. @throws {UploadError} `INVALID_OPTION` if one is invalid. */
export type TakenOptions<T> = () => T

/** Copies options when a listing is created. Throws their errors when the first page is requested. */
function take<T>(read: () => T): TakenOptions<T> {
  try {
    const taken = read()
    return () => taken
  } catch (error) {
    return () => {
      throw error
    }
  }
}

export interface PartsTaken extends ListPartsOptions {
  address: UploadAddress
}

export function takePartsOptions(
  driver: StoreDriver,
  upload: UploadAddress,
  options: ListPartsOptions,
): TakenOptions<PartsTaken> {
  return take(() => ({ ...takeCallOptions(options, NAMES), address: checkUploadAddress(driver, upload) }))
}

export interface UploadsTaken extends ListOptions {
  from: UploadsPageRequest
}

/** `pages` is the name of the method that supports `delimiter`, if this one does not. */
export function takeUploadsOptions(options: ListUploadPagesOptions, pages?: string): TakenOptions<UploadsTaken> {
  return take(() => {
    const { prefix, delimiter, after, ...more } = takeCallOptions(options, GROUPED_NAMES)
    const marker = after === undefined ? {} : { after: checkMarker(after) }
    return { ...more, from: { ...grouping(prefix, delimiter, pages), ...marker } }
  })
}

export interface ObjectsTaken extends ListOptions {
  from: ObjectsPageRequest
}

/** See `takeUploadsOptions`. */
export function takeObjectsOptions(options: ListObjectPagesOptions, pages?: string): TakenOptions<ObjectsTaken> {
  return take(() => {
    const { prefix, delimiter, after, ...more } = takeCallOptions(options, GROUPED_NAMES)
    const marker = after === undefined ? {} : { after: checkObjectsMarker(after) }
    return { ...more, from: { ...grouping(prefix, delimiter, pages), ...marker } }
  })
}

/**
 * Checks prefix and delimiter. An empty prefix matches all keys; an empty delimiter is refused, as it is likely a
 * mistake. A list of single objects or uploads has no delimiter: common prefixes are neither.
 */
function grouping(
  prefix: unknown,
  delimiter: unknown,
  pages: string | undefined,
): { prefix?: string; delimiter?: string } {
  if (delimiter !== undefined && pages !== undefined) {
    throw invalidOption('delimiter', delimiter, `must be left out: use ${pages}, whose pages contain the groups`)
  }
  return {
    ...(prefix === undefined || prefix === '' ? {} : { prefix: checkString('prefix', prefix) }),
    ...(delimiter === undefined ? {} : { delimiter: checkString('delimiter', delimiter) }),
  }
}

function checkMarker(after: UploadsMarker): NonNullable<UploadsPageRequest['after']> {
  const given = checkObject('after', after) as Partial<UploadsMarker>
  const key = reading('after.key', () => given.key)
  const uploadId = reading('after.uploadId', () => given.uploadId)
  return {
    key: checkString('after.key', key),
    ...(uploadId === undefined ? {} : { uploadId: checkString('after.uploadId', uploadId) }),
  }
}

function checkObjectsMarker(after: unknown): NonNullable<ObjectsPageRequest['after']> {
  if (typeof after === 'string') return { key: checkString('after', after) }
  const given = checkObject('after', after)
  const token = reading('after.token', () => given['token'])
  return { token: checkString('after.token', token) }
}
