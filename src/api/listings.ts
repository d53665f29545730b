/** Listings of objects, of parts and of unfinished uploads: page by page, or one after the other. */
import { checkInteger, checkObject, checkString, invalidOption } from '../shared/check-option.js'
import { UploadError } from '../shared/errors.js'
import type {
  CallContext,
  ListedObject,
  ListedPart,
  ListedUpload,
  ObjectsPageRequest,
  StoreDriver,
  UploadAddress,
  UploadsPageRequest,
} from '../stores/store-driver.js'
import { type CallOptions, contextOf } from './call-options.js'
import { checkUploadAddress } from './upload-address.js'

interface ListOptions extends CallOptions {
  /** At most so many in all. Default: all. */
  limit?: number | undefined
  /** Asked for at a time, 1 to 1,000. Default 1,000. */
  pageSize?: number | undefined
}

/** Which parts to list. */
export interface ListPartsOptions extends ListOptions {
  /** Parts after this number: `next` of a page. */
  after?: number | undefined
}

/** Which unfinished uploads to list. */
export interface ListUploadsOptions extends ListOptions {
  /** Uploads of keys that begin with it. */
  prefix?: string | undefined
  /** Uploads of later keys than this one and, with an upload id, later uploads of this key: `next` of a page, or an upload. */
  after?: UploadsMarker | undefined
}

/** Which unfinished uploads to list, and how to group them. */
export interface ListUploadPagesOptions extends ListUploadsOptions {
  /** Uploads of keys that have it after `prefix` are not listed, but what their keys begin with up to there, once each. */
  delimiter?: string | undefined
}

/** Which objects to list. */
export interface ListObjectsOptions extends ListOptions {
  /** Objects whose keys begin with it. Default: all of the bucket. */
  prefix?: string | undefined
  /** A key: objects of later keys, in the order of their UTF-8 bytes. Or `next` of a page. */
  after?: string | ObjectsPageMarker | undefined
}

/** Which objects to list, and how to group them. */
export interface ListObjectPagesOptions extends ListObjectsOptions {
  /** Keys that have it after `prefix` are not listed, but what they begin with up to there, once each. */
  delimiter?: string | undefined
}

/** Where a page of objects ended; plain JSON. Valid with the same `prefix` and `delimiter`. */
export interface ObjectsPageMarker {
  token: string
}

/** One response of the service about objects. */
export interface ObjectsPage {
  objects: ListedObject[]
  /** With a `delimiter`: beginnings of keys, each standing for all objects whose keys begin so. */
  commonPrefixes: string[]
  /** Where the next page begins; absent on the last one. */
  next?: ObjectsPageMarker
  /** When the service answered, by its own clock. */
  answeredAt?: Date
}

/** A place in the order of unfinished uploads: by key, then by upload id. */
export interface UploadsMarker {
  key: string
  uploadId?: string | undefined
}

/** One answer of the service about parts. */
export interface PartsPage {
  parts: ListedPart[]
  /** Where the next page begins; absent on the last one. */
  next?: number
}

/** One answer of the service about unfinished uploads. */
export interface UploadsPage {
  uploads: ListedUpload[]
  /** With a `delimiter`: beginnings of keys, each standing for all uploads of keys that begin so. */
  commonPrefixes: string[]
  /** Where the next page begins; absent on the last one. */
  next?: UploadsMarker
  /** When the service answered, by its own clock. */
  answeredAt?: Date
}

/** Pages that were filtered by the service are empty; ten thousand uploads of others make no more than some ten. */
const MOST_EMPTY_PAGES = 1000

const NAMES = ['after', 'limit', 'pageSize']

export async function* partsPages(
  driver: StoreDriver,
  upload: UploadAddress,
  options: ListPartsOptions,
): AsyncGenerator<PartsPage, void, undefined> {
  let context: CallContext = contextOf(options, NAMES)
  const { after } = options
  const address = checkUploadAddress(driver, upload)
  let from = after === undefined ? {} : { after: checkInteger('after', after, 0, driver.limits.maxParts) }
  const pages = new PageSizes(options)
  while (!pages.isDone) {
    const { parts, next } = await driver.listParts(address, { ...from, ...pages.next() }, context)
    pages.count(parts.length)
    yield { parts: parts, ...(next?.after === undefined ? {} : { next: next.after }) }
    if (next === undefined) return
    from = next
    context = { ...context, isUnderWay: true }
  }
}

export async function* uploadsPages(
  driver: StoreDriver,
  options: ListUploadPagesOptions,
): AsyncGenerator<UploadsPage, void, undefined> {
  let context: CallContext = contextOf(options, [...NAMES, 'prefix', 'delimiter'])
  const { prefix, delimiter, after } = options
  let from: UploadsPageRequest = {
    ...grouping(prefix, delimiter),
    ...(after === undefined ? {} : { after: checkMarker(after) }),
  }
  const pages = new PageSizes(options)
  while (!pages.isDone) {
    const { next, ...page } = await driver.listMultipartUploads({ ...from, ...pages.next() }, context)
    pages.count(page.uploads.length + page.commonPrefixes.length)
    yield { ...page, ...(next?.after === undefined ? {} : { next: next.after }) }
    if (next === undefined) return
    from = next
    context = { ...context, isUnderWay: true }
  }
}

export async function* objectsPages(
  driver: StoreDriver,
  options: ListObjectPagesOptions,
): AsyncGenerator<ObjectsPage, void, undefined> {
  let context: CallContext = contextOf(options, [...NAMES, 'prefix', 'delimiter'])
  const { prefix, delimiter, after } = options
  let from: ObjectsPageRequest = {
    ...grouping(prefix, delimiter),
    ...(after === undefined ? {} : { after: checkObjectsMarker(after) }),
  }
  const pages = new PageSizes(options)
  while (!pages.isDone) {
    const { next, ...page } = await driver.listObjects({ ...from, ...pages.next() }, context)
    pages.count(page.objects.length + page.commonPrefixes.length)
    yield { ...page, ...(next === undefined ? {} : { next: next.after }) }
    if (next === undefined) return
    from = next
    context = { ...context, isUnderWay: true }
  }
}

export async function* listedObjects(
  driver: StoreDriver,
  options: ListObjectsOptions,
): AsyncGenerator<ListedObject, void, undefined> {
  refuseDelimiter(options, 'listPages()')
  let left = options.limit ?? Infinity
  for await (const { objects } of objectsPages(driver, options)) {
    yield* objects.slice(0, left)
    left -= objects.length
  }
}

export async function* listedParts(
  driver: StoreDriver,
  upload: UploadAddress,
  options: ListPartsOptions,
): AsyncGenerator<ListedPart, void, undefined> {
  let left = options.limit ?? Infinity
  for await (const { parts } of partsPages(driver, upload, options)) {
    // Some services give more than they were asked for.
    yield* parts.slice(0, left)
    left -= parts.length
  }
}

export async function* listedUploads(
  driver: StoreDriver,
  options: ListUploadsOptions,
): AsyncGenerator<ListedUpload, void, undefined> {
  refuseDelimiter(options, 'listMultipartUploadPages()')
  let left = options.limit ?? Infinity
  for await (const { uploads } of uploadsPages(driver, options)) {
    yield* uploads.slice(0, left)
    left -= uploads.length
  }
}

/** What a delimiter groups are no objects or uploads: they have no place in a list of these. */
function refuseDelimiter(options: object, pages: string): void {
  const { delimiter } = checkObject('options', options) as { delimiter?: unknown }
  if (delimiter !== undefined)
    throw invalidOption('delimiter', delimiter, `must be left out: what it groups comes in pages, from ${pages}`)
}

/** An empty prefix is that of all keys; an empty delimiter is most likely a mistake. */
function grouping(prefix: unknown, delimiter: unknown): { prefix?: string; delimiter?: string } {
  return {
    ...(prefix === undefined || prefix === '' ? {} : { prefix: checkString('prefix', prefix) }),
    ...(delimiter === undefined ? {} : { delimiter: checkString('delimiter', delimiter) }),
  }
}

/** How many results each page is asked for. */
class PageSizes {
  readonly #pageSize: number | undefined
  #left: number

  constructor({ pageSize, limit }: ListOptions) {
    this.#pageSize = pageSize === undefined ? undefined : checkInteger('pageSize', pageSize, 1, 1000)
    this.#left = limit === undefined ? Infinity : checkInteger('limit', limit, 1, Number.MAX_SAFE_INTEGER)
  }

  #emptyPages = 0

  get isDone(): boolean {
    return this.#left <= 0
  }

  /** The service's own default where nothing else was asked for. */
  next(): { limit?: number } {
    const size = Math.min(this.#pageSize ?? 1000, this.#left)
    return this.#pageSize === undefined && size === 1000 ? {} : { limit: size }
  }

  /** Throws UploadError where page after page has nothing: a service may return some such pages, not any number. */
  count(results: number): void {
    this.#left -= results
    this.#emptyPages = results === 0 ? this.#emptyPages + 1 : 0
    if (this.#emptyPages < MOST_EMPTY_PAGES) return
    throw new UploadError(
      'BAD_ANSWER',
      `the listing does not end: ${this.#emptyPages} pages in a row have nothing in them`,
    )
  }
}

function checkMarker(after: UploadsMarker): NonNullable<UploadsPageRequest['after']> {
  const { key, uploadId } = checkObject('after', after) as Partial<UploadsMarker>
  return {
    key: checkString('after.key', key),
    ...(uploadId === undefined ? {} : { uploadId: checkString('after.uploadId', uploadId) }),
  }
}

function checkObjectsMarker(after: unknown): NonNullable<ObjectsPageRequest['after']> {
  if (typeof after === 'string') return { key: checkString('after', after) }
  const { token } = checkObject('after', after)
  return { token: checkString('after.token', token) }
}
