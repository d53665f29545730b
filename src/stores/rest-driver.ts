/**
 * The REST API that OSS, OBS and S3 share, in the dialect of the service. Implements each method of the driver as one
 * call: the request to send and the response to expect.
 */
import type { Readable } from 'node:stream'
import type { Transport } from '../http/transport.js'
import { AnswerReader } from './request/answer-reader.js'
import { badAnswer } from './request/attempt-failure.js'
import { callbackAnswer, hasCallback } from './object/callback.js'
import { BucketLists } from './bucket-lists.js'
import type { Dialect } from './dialect.js'
import { Integrity } from './integrity/integrity.js'
import { MultipartCalls } from './multipart-calls.js'
import { ObjectReader } from './object-reader.js'
import type { ObjectBody } from './object/object-body.js'
import { ObjectHeaders } from './object/object-headers.js'
import { checkKey } from './object/object-key.js'
import type { ObjectOptions } from './object/object-options.js'
import { WriteConditions } from './object/write-conditions.js'
import { pacedMsOf } from './request/call.js'
import { Requester, type RequesterParts } from './request/requester.js'
import type {
  ByteRange,
  CallContext,
  CompletedPart,
  ObjectHead,
  ObjectReceiver,
  ObjectsPage,
  ObjectsPageRequest,
  PartReceipt,
  PartsPage,
  PartsPageRequest,
  PartUpload,
  ReadOptions,
  StoreDriver,
  StoredObject,
  UploadAddress,
  UploadsPage,
  UploadsPageRequest,
} from './store-driver.js'

export class RestDriver implements StoreDriver {
  readonly provider: StoreDriver['provider']
  readonly bucket: StoreDriver['bucket']
  readonly limits: StoreDriver['limits']
  readonly partChecksum: StoreDriver['partChecksum']
  readonly returnsChecksumWithRanges: StoreDriver['returnsChecksumWithRanges']
  readonly hasCertainMd5Etags: StoreDriver['hasCertainMd5Etags']
  readonly #dialect: Dialect
  readonly #headers: ObjectHeaders
  readonly #integrity: Integrity
  readonly #answers: AnswerReader
  readonly #requester: Requester
  readonly #conditions: WriteConditions
  readonly #multipart: MultipartCalls
  readonly #reader: ObjectReader
  readonly #lists: BucketLists
  readonly #transport: Transport

  constructor(parts: RequesterParts) {
    const { dialect, transport } = parts
    this.#dialect = dialect
    this.#headers = new ObjectHeaders(dialect.objectOptions)
    this.#integrity = new Integrity(dialect)
    this.#answers = new AnswerReader(dialect, this.#integrity)
    this.#transport = transport
    this.#requester = new Requester(parts)
    this.#conditions = new WriteConditions(this, dialect.conditionalRequests)
    this.#multipart = new MultipartCalls({
      dialect,
      headers: this.#headers,
      integrity: this.#integrity,
      answers: this.#answers,
      requester: this.#requester,
      conditions: this.#conditions,
    })
    this.#reader = new ObjectReader(dialect, this.#headers, this.#answers, this.#requester)
    this.#lists = new BucketLists(dialect, this.#answers, this.#requester)
    this.returnsChecksumWithRanges = dialect.checksums.own?.isReturnedWithRanges === true
    this.hasCertainMd5Etags = dialect.checksums.md5HiddenBy === 'own-keys'
    this.provider = dialect.provider
    this.bucket = dialect.bucket
    this.limits = dialect.limits
    this.partChecksum = this.#integrity.partChecksum
  }

  check(key: string, options: ObjectOptions): void {
    checkKey(key, this.limits)
    this.#headers.on('put', options)
  }

  locationOf(key: string): string {
    return this.#dialect.origin + this.#dialect.pathOf(key)
  }

  prepareConnections(count: number): void {
    this.#transport.prepare(this.#dialect.origin, count)
  }

  async putObject(key: string, body: ObjectBody, options: ObjectOptions, context: CallContext): Promise<StoredObject> {
    const all = { ...this.#headers.on('put', options), ...(await this.#integrity.headersOfPut(body)) }
    const write = { operation: 'PutObject', key, request: 'put', options, context } as const
    return this.#conditions.send(write, all, async (headers) => this.#put(key, body, headers, options, context))
  }

  async #put(
    key: string,
    body: ObjectBody,
    headers: Readonly<Record<string, string>>,
    options: ObjectOptions,
    context: CallContext,
  ): Promise<StoredObject> {
    return this.#requester.call(
      { operation: 'PutObject', method: 'PUT', key, headers, body, pacedMs: pacedMsOf(headers, body, this.#dialect) },
      context,
      async (answer) => {
        await this.#integrity.check(answer, body, options, { request: 'put', headers })
        const stored = this.#answers.stored(answer, this.#answers.etag(answer), options)
        return hasCallback(headers, this.#dialect) ? { ...stored, callback: callbackAnswer(answer.text) } : stored
      },
    )
  }

  async initiateMultipartUpload(key: string, options: ObjectOptions, context: CallContext): Promise<string> {
    await this.#conditions.look({ key, request: 'initiate', options, context })
    return this.#multipart.initiate(key, options, context)
  }

  async uploadPart(part: PartUpload, options: ObjectOptions, context: CallContext): Promise<PartReceipt> {
    return this.#multipart.sendPart(part, options, context)
  }

  async completeMultipartUpload(
    upload: UploadAddress,
    parts: readonly CompletedPart[],
    options: ObjectOptions,
    context: CallContext,
  ): Promise<StoredObject> {
    return this.#multipart.complete(upload, parts, options, context)
  }

  async abortMultipartUpload(upload: UploadAddress, context: CallContext, options: ObjectOptions = {}): Promise<void> {
    return this.#multipart.abort(upload, context, options)
  }

  async listParts(
    upload: UploadAddress,
    page: PartsPageRequest,
    context: CallContext,
    options: ObjectOptions = {},
  ): Promise<PartsPage> {
    return this.#multipart.listParts(upload, page, context, options)
  }

  async listMultipartUploads(page: UploadsPageRequest, context: CallContext): Promise<UploadsPage> {
    return this.#lists.uploads(page, context)
  }

  async listObjects(page: ObjectsPageRequest, context: CallContext): Promise<ObjectsPage> {
    return this.#lists.objects(page, context)
  }

  async headObject(key: string, context: CallContext, options: ReadOptions = {}): Promise<ObjectHead> {
    return this.#reader.head(key, context, options)
  }

  async getObject(
    key: string,
    range: ByteRange | undefined,
    context: CallContext,
    options: ReadOptions = {},
  ): Promise<ObjectHead & { body: Readable; length: number }> {
    return this.#reader.open(key, range, context, options)
  }

  async receiveObject(
    key: string,
    receiver: ObjectReceiver,
    context: CallContext,
    options: ReadOptions = {},
  ): Promise<ObjectHead> {
    return this.#reader.receive(key, receiver, context, options)
  }

  async deleteObject(key: string, context: CallContext): Promise<void> {
    return this.#requester.call({ operation: 'DeleteObject', method: 'DELETE', key }, context, (answer) => {
      // All services respond with 204; the page of a captive portal has status 200.
      if (answer.status === 204 || answer.headers[this.#dialect.requestIdHeader] !== undefined) return
      throw badAnswer('the response has no request ID, so it does not come from the service', answer, this.#dialect)
    })
  }

  async close(): Promise<void> {
    this.#requester.close()
    await this.#transport.close()
  }
}
