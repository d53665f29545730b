/** Lists objects, parts and unfinished uploads: page by page, or one by one. */
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
import { CycleGuard } from './cycle-guard.js'
import { type CallOptions, contextOf } from './call-options.js'
import { checkUploadAddress } from './parts/upload-address.js'

interface ListOptions extends CallOptions {
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

/** A page of objects. */
export interface ObjectsPage {
  objects: ListedObject[]
  /** With a `delimiter`: the common prefixes, each for all objects whose keys start with it. */
  commonPrefixes: string[]
  /** Start of the next page. Absent on the last page. */
  next?: ObjectsPageMarker
  /** When the service answered, by its own clock. */
  answeredAt?: Date
}

/** A position in the order of unfinished uploads: by key, then by upload ID. */
export interface UploadsMarker {
  key: string
  uploadId?: string | undefined
}

/** A page of parts. */
export interface PartsPage {
  parts: ListedPart[]
  /** Start of the next page. Absent on the last page. */
  next?: number
}

/** A page of unfinished uploads. */
export interface UploadsPage {
  uploads: ListedUpload[]
  /**
   * The service may have more uploads than it lists: MinIO lists those of a key only if `prefix` is exactly that key. Absent on other
   * services.
   */
  isPartial?: true
  /** With a `delimiter`: the common prefixes, each for all uploads of keys that start with it. */
  commonPrefixes: string[]
  /** Start of the next page. Absent on the last page. */
  next?: UploadsMarker
  /** When the service answered, by its own clock. */
  answeredAt?: Date
}

/** Services may return empty pages when they filter; ten thousand uploads of others cause about ten of them. */
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
    pages.checkCycle(page.uploads[0] ?? page.commonPrefixes[0], next?.after)
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
    pages.checkCycle(page.objects[0]?.key ?? page.commonPrefixes[0], next?.after)
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
    // Some services return more than requested.
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

/** Refuses a delimiter: common prefixes are neither objects nor uploads, so a list of these cannot contain them. */
function refuseDelimiter(options: object, pages: string): void {
  const { delimiter } = checkObject('options', options) as { delimiter?: unknown }
  if (delimiter !== undefined)
    throw invalidOption('delimiter', delimiter, `must be left out: what it groups comes in pages, from ${pages}`)
}

/** Checks prefix and delimiter. An empty prefix matches all keys; an empty delimiter is refused, as it is likely a mistake. */
function grouping(prefix: unknown, delimiter: unknown): { prefix?: string; delimiter?: string } {
  return {
    ...(prefix === undefined || prefix === '' ? {} : { prefix: checkString('prefix', prefix) }),
    ...(delimiter === undefined ? {} : { delimiter: checkString('delimiter', delimiter) }),
  }
}

/** Decides how many results to request for each page. */
class PageSizes {
  readonly #pageSize: number | undefined
  readonly #firsts = new CycleGuard()
  readonly #markers = new CycleGuard()
  #left: number

  constructor({ pageSize, limit }: ListOptions) {
    this.#pageSize = pageSize === undefined ? undefined : checkInteger('pageSize', pageSize, 1, 1000)
    this.#left = limit === undefined ? Infinity : checkInteger('limit', limit, 1, Number.MAX_SAFE_INTEGER)
  }

  #emptyPages = 0

  get isDone(): boolean {
    return this.#left <= 0
  }

  /** Returns the limit of the next page; none for the default of the service. */
  next(): { limit?: number } {
    const size = Math.min(this.#pageSize ?? 1000, this.#left)
    return this.#pageSize === undefined && size === 1000 ? {} : { limit: size }
  }

  /** @throws {UploadError} where the first result of a page, or where the next one begins, was there before. */
  checkCycle(first: unknown, after: unknown): void {
    if (first !== undefined) this.#firsts.check(JSON.stringify(first))
    if (after !== undefined) this.#markers.check(JSON.stringify(after))
  }

  /** Throws UploadError after too many empty pages. */
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
