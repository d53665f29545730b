/** Listings of parts and of unfinished uploads: page by page, or one after the other. */
import { checkInteger, checkObject, checkString, invalidOption } from '../shared/check-option.js'
import type {
  CallContext,
  ListedPart,
  ListedUpload,
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
    ...(prefix === undefined ? {} : { prefix: checkString('prefix', prefix) }),
    ...(delimiter === undefined ? {} : { delimiter: checkString('delimiter', delimiter) }),
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
  const { delimiter } = checkObject('options', options) as ListUploadPagesOptions
  if (delimiter !== undefined) {
    throw invalidOption('delimiter', delimiter, 'what it groups comes in pages, from listMultipartUploadPages()')
  }
  let left = options.limit ?? Infinity
  for await (const { uploads } of uploadsPages(driver, options)) {
    yield* uploads.slice(0, left)
    left -= uploads.length
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

  get isDone(): boolean {
    return this.#left <= 0
  }

  /** The service's own default where nothing else was asked for. */
  next(): { limit?: number } {
    const size = Math.min(this.#pageSize ?? 1000, this.#left)
    return this.#pageSize === undefined && size === 1000 ? {} : { limit: size }
  }

  count(results: number): void {
    this.#left -= results
  }
}

function checkMarker(after: UploadsMarker): NonNullable<UploadsPageRequest['after']> {
  const { key, uploadId } = checkObject('after', after) as Partial<UploadsMarker>
  return {
    key: checkString('after.key', key),
    ...(uploadId === undefined ? {} : { uploadId: checkString('after.uploadId', uploadId) }),
  }
}
