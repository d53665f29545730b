/** Lists objects, parts and unfinished uploads: page by page, or one by one. */
import { checkInteger } from '../shared/check-option.js'
import { UploadError } from '../shared/errors.js'
import type {
  CallContext,
  ListedObject,
  ListedPart,
  ListedUpload,
  StoreDriver,
  UploadAddress,
} from '../stores/store-driver.js'
import { CycleGuard } from './cycle-guard.js'
import { contextOf } from './call-options.js'
import {
  type ListObjectPagesOptions,
  type ListObjectsOptions,
  type ListOptions,
  type ListPartsOptions,
  type ListUploadPagesOptions,
  type ListUploadsOptions,
  type ObjectsPageMarker,
  type ObjectsTaken,
  type PartsTaken,
  type TakenOptions,
  takeObjectsOptions,
  takePartsOptions,
  takeUploadsOptions,
  type UploadsMarker,
  type UploadsTaken,
} from './list-options.js'

/** A page of objects. */
export interface ObjectsPage {
  objects: ListedObject[]
  /** With a `delimiter`: the common prefixes, each for all objects whose keys start with it. */
  commonPrefixes: string[]
  /** Start of the next page. Absent on the last page. */
  next?: ObjectsPageMarker
  /** Time of the response, by the service's clock. */
  answeredAt?: Date
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
   * The service may have more uploads than it lists: MinIO lists those of a key only if `prefix` is exactly that key.
   * Absent on other services.
   */
  isPartial?: true
  /** With a `delimiter`: the common prefixes, each for all uploads of keys that start with it. */
  commonPrefixes: string[]
  /** Start of the next page. Absent on the last page. */
  next?: UploadsMarker
  /** Time of the response, by the service's clock. */
  answeredAt?: Date
}

/** Services may return empty pages when they filter; ten thousand uploads of others cause about ten of them. */
const MOST_EMPTY_PAGES = 1000

export function partsPages(
  driver: StoreDriver,
  upload: UploadAddress,
  options: ListPartsOptions,
): AsyncGenerator<PartsPage, void, undefined> {
  return pagesOfParts(driver, takePartsOptions(driver, upload, options))
}

async function* pagesOfParts(
  driver: StoreDriver,
  taken: TakenOptions<PartsTaken>,
): AsyncGenerator<PartsPage, void, undefined> {
  const { address, after, ...options } = taken()
  let context: CallContext = contextOf(options)
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

export function uploadsPages(
  driver: StoreDriver,
  options: ListUploadPagesOptions,
): AsyncGenerator<UploadsPage, void, undefined> {
  return pagesOfUploads(driver, takeUploadsOptions(options))
}

async function* pagesOfUploads(
  driver: StoreDriver,
  taken: TakenOptions<UploadsTaken>,
): AsyncGenerator<UploadsPage, void, undefined> {
  const { from: start, ...options } = taken()
  let from = start
  let context: CallContext = contextOf(options)
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

export function objectsPages(
  driver: StoreDriver,
  options: ListObjectPagesOptions,
): AsyncGenerator<ObjectsPage, void, undefined> {
  return pagesOfObjects(driver, takeObjectsOptions(options))
}

async function* pagesOfObjects(
  driver: StoreDriver,
  taken: TakenOptions<ObjectsTaken>,
): AsyncGenerator<ObjectsPage, void, undefined> {
  const { from: start, ...options } = taken()
  let from = start
  let context: CallContext = contextOf(options)
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

export function listedObjects(
  driver: StoreDriver,
  options: ListObjectsOptions,
): AsyncGenerator<ListedObject, void, undefined> {
  const taken = takeObjectsOptions(options, 'listPages()')
  return oneByOne(
    pagesOfObjects(driver, taken),
    ({ objects }) => objects,
    () => taken().limit,
  )
}

export function listedParts(
  driver: StoreDriver,
  upload: UploadAddress,
  options: ListPartsOptions,
): AsyncGenerator<ListedPart, void, undefined> {
  const taken = takePartsOptions(driver, upload, options)
  return oneByOne(
    pagesOfParts(driver, taken),
    ({ parts }) => parts,
    () => taken().limit,
  )
}

export function listedUploads(
  driver: StoreDriver,
  options: ListUploadsOptions,
): AsyncGenerator<ListedUpload, void, undefined> {
  const taken = takeUploadsOptions(options, 'listMultipartUploadPages()')
  return oneByOne(
    pagesOfUploads(driver, taken),
    ({ uploads }) => uploads,
    () => taken().limit,
  )
}

async function* oneByOne<Page, Item>(
  pages: AsyncIterable<Page>,
  itemsOf: (page: Page) => Item[],
  limit: () => number | undefined,
): AsyncGenerator<Item, void, undefined> {
  let left = limit() ?? Infinity
  for await (const page of pages) {
    const items = itemsOf(page)
    // Some services return more than requested.
    yield* items.slice(0, left)
    left -= items.length
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

  /** @throws {UploadError} if the first result of a page, or the start of the next page, was returned before. */
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
