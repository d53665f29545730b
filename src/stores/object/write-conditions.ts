/** Conditions on the object that a request would replace: that it does not exist, or has a given ETag. */
import { UploadError } from '../../shared/errors.js'
import type { CallContext, ObjectHead, StoreDriver } from '../store-driver.js'
import { plainEtag } from './etag.js'
import type { ObjectOptions } from './object-options.js'
import type { ObjectRequest } from './option-table.js'

type Headers = Readonly<Record<string, string>>

/** A request that may replace an object. */
interface Write {
  operation: string
  key: string
  request: ObjectRequest
  options: ObjectOptions
  context: CallContext
}

const HEADERS: readonly string[] = ['if-match', 'if-none-match']

export class WriteConditions {
  readonly #driver: Pick<StoreDriver, 'bucket' | 'headObject'>
  /** The requests on which the service is known to check the conditions itself. */
  readonly #checked: readonly ObjectRequest[]
  /** The service has refused a condition as not implemented, and accepted the same request without it. */
  #isUnsupported = false

  constructor(driver: Pick<StoreDriver, 'bucket' | 'headObject'>, checked: readonly ObjectRequest[]) {
    this.#driver = driver
    this.#checked = checked
  }

  /**
   * Checks the conditions by HeadObject if the service may ignore them.
   * @throws {UploadError} `ALREADY_EXISTS` or `PRECONDITION_FAILED` if they are not met.
   */
  async look(write: Omit<Write, 'operation'>): Promise<void> {
    const isChecked = !this.#isUnsupported && this.#checked.includes(write.request)
    if (isConditional(write.options) && !isChecked) await this.#check(write)
  }

  /**
   * Sends a request with these headers. If the service does not implement the condition (501), checks it by HeadObject,
   * reports that as a retry, and sends the request without it.
   */
  async send<T>(write: Write, headers: Headers, send: (headers: Headers) => Promise<T>): Promise<T> {
    await this.look(write)
    const plain = Object.fromEntries(Object.entries(headers).filter(([name]) => !HEADERS.includes(name)))
    const isPlain = Object.keys(plain).length === Object.keys(headers).length
    if (isPlain || this.#isUnsupported) return send(plain)
    try {
      return await send(headers)
    } catch (error) {
      if (!(error instanceof UploadError && error.status === 501)) throw error
      const { operation, context } = write
      const reason = `the service does not implement conditional writes (501): checking the object before ${operation} instead`
      context.onRetry?.({ operation, attempt: error.attempts ?? 1, delayMs: 0, reason, outcomeUnknown: false })
      await this.#check(write)
      const sent = await send(plain)
      this.#isUnsupported = true
      return sent
    }
  }

  async #check({ key, request, options, context: given }: Omit<Write, 'operation'>): Promise<void> {
    const context = { ...given, onSent: undefined, isUnderWay: request === 'complete' }
    let head: ObjectHead | undefined
    try {
      head = await this.#driver.headObject(key, context, options)
    } catch (error) {
      if (!(error instanceof UploadError && error.code === 'NOT_FOUND')) {
        // The check before Initiate only avoids sending the object for nothing: Complete checks again.
        if (request === 'initiate') return
        throw error
      }
    }
    const { forbidOverwrite, ifMatch } = options
    const requestId = head?.requestId
    const name = JSON.stringify(key)
    const facts = { bucket: this.#driver.bucket, key, requestId }
    if (forbidOverwrite === true && head !== undefined) {
      throw new UploadError('ALREADY_EXISTS', `${name} exists, and forbidOverwrite is set`, facts)
    }
    if (ifMatch === undefined || head?.etag === plainEtag(ifMatch)) return
    const found = head === undefined ? 'does not exist' : `has the ETag ${head.etag}`
    throw new UploadError('PRECONDITION_FAILED', `${name} ${found}, and ifMatch is ${plainEtag(ifMatch)}`, facts)
  }
}

function isConditional({ forbidOverwrite, ifMatch }: ObjectOptions): boolean {
  return forbidOverwrite === true || ifMatch !== undefined
}
