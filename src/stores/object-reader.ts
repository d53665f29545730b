/** Reads objects by HeadObject and GetObject, as a stream or into a receiver. */
import type { Readable } from 'node:stream'
import type { BodySink, HttpHead, HttpStreamAnswer } from '../http/http-message.js'
import { UploadError } from '../shared/errors.js'
import type { QueryParameter } from '../signing/signable-request.js'
import type { Dialect } from './dialect.js'
import type { ObjectHeaders } from './object/object-headers.js'
import { plainEtag } from './object/etag.js'
import { answeredRange } from './object/answered-range.js'
import type { AnswerReader } from './request/answer-reader.js'
import { AttemptFailure, badAnswer } from './request/attempt-failure.js'
import type { Call } from './request/call.js'
import type { Requester } from './request/requester.js'
import type { ByteRange, CallContext, ObjectHead, ObjectReceiver, ReadOptions } from './store-driver.js'

/** Counts the bytes for a receiver, and refuses more than the response must contain. */
class CountingSink implements BodySink {
  /** Bytes that are still missing. */
  left: number
  readonly #receiver: ObjectReceiver

  constructor(receiver: ObjectReceiver, length: number) {
    this.#receiver = receiver
    this.left = length
  }

  take(chunk: Uint8Array): void {
    if (chunk.length > this.left) throw new Error(`the response is ${chunk.length - this.left} bytes too long`)
    this.left -= chunk.length
    this.#receiver.take(chunk)
  }
}

interface SizeAndEtag {
  size: number
  etag: string | undefined
}

export class ObjectReader {
  readonly #dialect: Dialect
  readonly #objectHeaders: ObjectHeaders
  readonly #answers: AnswerReader
  readonly #requester: Requester

  constructor(dialect: Dialect, headers: ObjectHeaders, answers: AnswerReader, requester: Requester) {
    this.#dialect = dialect
    this.#objectHeaders = headers
    this.#answers = answers
    this.#requester = requester
  }

  async head(key: string, context: CallContext, options: ReadOptions): Promise<ObjectHead> {
    const headers = this.#headers(options, false)
    const call: Call = { operation: 'HeadObject', method: 'HEAD', key, query: queryOf(options), headers }
    const found = await this.#requester.call(call, context, (head) => {
      // A proxy may omit the length.
      const isSized = !isWithoutSize(head) || options.partNumber !== undefined
      const object = this.#readHead(isSized ? head : withSize(head, 0), options)
      return { head, object: isSized ? object : undefined }
    })
    if (found.object !== undefined) return found.object
    const { size, etag } = await this.#sizeOf(key, context, options)
    const object = this.#readHead(withSize(found.head, size), options)
    if (etag === undefined || object.etag === etag) return object
    throw replaced(key)
  }

  /** Resolves when the headers are received and match the request. */
  async open(
    key: string,
    range: ByteRange | undefined,
    context: CallContext,
    options: ReadOptions,
  ): Promise<ObjectHead & { body: Readable; length: number }> {
    const opened = await this.#requester.open(this.#getCall(key, range, options), context, ({ body, ...head }) => {
      try {
        // A proxy may change a response with a length to a chunked one.
        if (isWithoutSize(head)) {
          // Whatever does not depend on the size is a failure of this request.
          this.#read(withSize(head, 0), options)
          return { head, body }
        }
        return { object: this.#readRange(range, head, options), body }
      } catch (error) {
        throw ended(body, error)
      }
    })
    const { body } = opened
    if ('object' in opened) return { ...opened.object, body }
    try {
      const { size, etag } = await this.#sizeOf(key, context, options)
      const object = this.#readRange(range, withSize(opened.head, size), options)
      if (etag === undefined || object.etag === etag) return { ...object, body }
      throw replaced(key)
    } catch (error) {
      throw ended(body, toUploadError(error, key))
    }
  }

  async receive(
    key: string,
    receiver: ObjectReceiver,
    context: CallContext,
    options: ReadOptions,
  ): Promise<ObjectHead> {
    let asked: ByteRange | undefined
    const call: Call = {
      operation: 'GetObject',
      method: 'GET',
      key,
      query: queryOf(options),
      headersOfAttempt: () => {
        asked = receiver.wanted()
        const etag = receiver.ifMatch()
        const condition: Record<string, string> = etag === undefined || etag === '' ? {} : { 'if-match': etag }
        return { ...this.#headers(options, asked !== undefined), ...rangeHeader(asked), ...condition }
      },
    }
    const begin = (answer: HttpHead): { object: ObjectHead; sink: CountingSink } => {
      // Only an empty object is requested as a whole, so a chunked response without a length has no bytes.
      const isEmpty = asked === undefined && isWithoutSize(answer)
      const head = isEmpty ? withSize(answer, 0) : answer
      const object = this.#read(head, options)
      const range = this.#understand(head, () => answeredRange(asked, head))
      this.#understand(head, () => receiver.begin(object, range))
      return { object, sink: new CountingSink(receiver, range.length) }
    }
    const check = ({ sink }: { sink: CountingSink }, head: HttpHead): void => {
      if (sink.left > 0) throw this.#bad(`the response ended ${sink.left} bytes early`, head)
    }
    return (await this.#requester.receive(call, context, begin, check)).object
  }

  #getCall(key: string, range: ByteRange | undefined, options: ReadOptions): Call {
    const headers = { ...this.#headers(options, range !== undefined), ...rangeHeader(range) }
    return { operation: 'GetObject', method: 'GET', key, query: queryOf(options), headers }
  }

  /** Reads the headers by requesting a range: proxies do not change Content-Range, which contains the size. */
  async #sizeOf(key: string, context: CallContext, options: ReadOptions): Promise<SizeAndEtag> {
    const byte = { start: 0, end: 0 }
    const call = this.#getCall(key, byte, options)
    const read = ({ body, ...head }: HttpStreamAnswer): SizeAndEtag => {
      ended(body, undefined)
      const { size } = this.#understand(head, () => answeredRange(byte, head))
      return { size, etag: plainEtag(head.headers['etag'] ?? '') }
    }
    return this.#requester.open(call, context, read).catch((error: unknown): SizeAndEtag => {
      // Only an empty object has no first byte.
      if (error instanceof UploadError && error.status === 416) return { size: 0, etag: undefined }
      throw error
    })
  }

  #readHead(head: HttpHead, options: ReadOptions): ObjectHead {
    return this.#understand(head, () => this.#answers.head(head.headers, options))
  }

  #readRange(range: ByteRange | undefined, head: HttpHead, options: ReadOptions): ObjectHead & { length: number } {
    const { length } = this.#understand(head, () => answeredRange(range, head))
    return { ...this.#read(head, options), length }
  }

  #read(head: HttpHead, options: ReadOptions): ObjectHead {
    return this.#understand(head, () => {
      const object = this.#answers.head(head.headers, options)
      const isOfService = object.requestId !== '' || object.checksum !== undefined
      if (this.#dialect.checksums.own?.isCertain === true && !isOfService) {
        throw new Error('the response has neither a checksum nor a request ID, so it does not come from the service')
      }
      // An empty 200 response of a proxy must not be mistaken for an empty object.
      if (object.etag === '') throw new Error('the response has no ETag, so it does not come from the service')
      return object
    })
  }

  #understand<T>(head: HttpHead, read: () => T): T {
    return this.#answers.understandHead(head, read)
  }

  #bad(message: string, head: HttpHead): Error {
    return badAnswer(message, { ...head, text: '' }, this.#dialect)
  }

  #headers({ serverSideEncryption }: ReadOptions, isRange: boolean): Record<string, string> {
    return { ...this.#objectHeaders.on('read', { serverSideEncryption }), ...this.#dialect.readHeaders(isRange) }
  }
}

/** Neither the headers of a part nor those of the whole contain the size of the object. */
function isWithoutSize({ status, headers }: HttpHead): boolean {
  return status === 200 && headers['content-length'] === undefined
}

function withSize(head: HttpHead, size: number): HttpHead {
  return { ...head, headers: { ...head.headers, 'content-length': String(size) } }
}

/** Returns the error of a response that turned out to be invalid when its request had succeeded. */
function toUploadError(error: unknown, key: string): unknown {
  if (!(error instanceof AttemptFailure)) return error
  const { status } = error.facts
  const message = `reading ${JSON.stringify(key)} failed: ${error.message}`
  return new UploadError(error.code, message, { key, status, retryable: true })
}

function replaced(key: string): UploadError {
  const message = `${JSON.stringify(key)} was replaced while it was read`
  return new UploadError('SOURCE_CHANGED', message, { key, retryable: true })
}

/** A body that is destroyed before its end emits an error. */
function ended(body: Readable, error: unknown): unknown {
  body.on('error', () => undefined).destroy()
  return error
}

function rangeHeader(range: ByteRange | undefined): Record<string, string> {
  return range === undefined ? {} : { range: `bytes=${range.start}-${range.end ?? ''}` }
}

function queryOf({ versionId, partNumber }: ReadOptions): QueryParameter[] {
  const query: QueryParameter[] = []
  if (partNumber !== undefined) query.push(['partNumber', String(partNumber)])
  if (versionId !== undefined) query.push(['versionId', versionId])
  return query
}
