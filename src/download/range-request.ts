import { UploadError } from '../shared/errors.js'
import type {
  ByteRange,
  CallContext,
  ObjectHead,
  ObjectReceiver,
  ReadOptions,
  StoreDriver,
} from '../stores/store-driver.js'
import type { IncomingRange } from './incoming-range.js'
import type { ObjectPin } from './object-pin.js'

/** What all requests of a download share. */
export interface RangeRequests {
  readonly driver: StoreDriver
  readonly key: string
  readonly read: ReadOptions
  readonly pin: ObjectPin
  /** Called with the first response of the download. */
  first(object: ObjectHead, range: IncomingRange): void
  /** Called when bytes of the range are in its memory. */
  took(range: IncomingRange, bytes: number): void
}

/** Context of all calls of a download. */
export type RangeContext = Pick<CallContext, 'outageObserver' | 'onRetry' | 'onThrottled'>

/** Receives one range into its memory, with retries from the byte where it broke. */
export class RangeRequest {
  readonly #requests: RangeRequests
  readonly #range: IncomingRange
  readonly #context: RangeContext
  /** Whether the whole object is requested, as an empty object has no range. */
  #asksForWhole = false

  constructor(requests: RangeRequests, range: IncomingRange, context: RangeContext) {
    this.#requests = requests
    this.#range = range
    this.#context = context
  }

  /** Resolves when the range is complete or dropped. Rejects with the failure. */
  async run(): Promise<void> {
    const range = this.#range
    const { pin } = this.#requests
    while (!range.isWhole()) {
      const before = range.received
      try {
        await this.#receive()
      } catch (error) {
        if (range.isDropped() || range.isWhole()) return
        // Attempts are counted from the last received byte.
        if (!this.#isWorthAnother(error, range.received > before)) throw pin.failureOf(error)
      }
    }
  }

  async #receive(): Promise<void> {
    const { driver, key, read, pin } = this.#requests
    const context: CallContext = {
      ...this.#context,
      signal: this.#range.controller.signal,
      isUnderWay: pin.object !== undefined,
    }
    await driver.receiveObject(key, this.#receiver(), context, read)
  }

  #isWorthAnother(error: unknown, hasMoved: boolean): boolean {
    if (!(error instanceof UploadError)) return false
    const { pin } = this.#requests
    // An empty object satisfies no range.
    if (error.status === 416 && pin.object === undefined && !this.#asksForWhole) {
      this.#asksForWhole = this.#range.start === 0
      return this.#asksForWhole
    }
    return error.retryable && hasMoved && error.code !== 'SOURCE_CHANGED'
  }

  #receiver(): ObjectReceiver {
    const range = this.#range
    const { pin } = this.#requests
    return {
      wanted: (): ByteRange | undefined =>
        this.#asksForWhole && pin.object === undefined
          ? undefined
          : { start: range.start + range.received, end: range.end - 1 },
      ifMatch: () => pin.object?.etag,
      begin: (object, { length }) => {
        const isFirst = pin.object === undefined
        if (isFirst && length > range.buffer.capacity) throw new Error('the object is no longer empty')
        pin.check(object)
        if (isFirst) this.#requests.first(object, range)
      },
      take: (chunk) => {
        range.take(chunk)
        if (!range.isDropped()) this.#requests.took(range, chunk.length)
      },
    }
  }
}
