/**
 * The REST API that OSS, OBS and S3 share, spoken in a dialect. Every verb of the seam is one call here; what it sends
 * and what it expects back is all there is to it.
 */
import type { Readable } from 'node:stream'
import type { Transport } from '../http/transport.js'
import { UploadError } from '../shared/errors.js'
import { escapeXml } from '../shared/xml.js'
import type { QueryParameter } from '../signing/signable-request.js'
import { AnswerReader } from './request/answer-reader.js'
import { badAnswer } from './request/attempt-failure.js'
import { callbackAnswer } from './object/callback.js'
import { BucketLists, ENCODED } from './bucket-lists.js'
import type { Dialect } from './dialect.js'
import { Integrity } from './integrity/integrity.js'
import { partsPageQuery, readPartsPage } from './listings.js'
import { ObjectReader } from './object-reader.js'
import type { ObjectBody } from './object/object-body.js'
import { ObjectHeaders } from './object/object-headers.js'
import { checkKey } from './object/object-key.js'
import type { ObjectOptions } from './object/object-options.js'
import type { ObjectRequest } from './object/option-table.js'
import { refuseExisting } from './object/refuse-existing.js'
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

/** Putting 10,000 parts together takes the service longer than any other call. */
const PATIENCE_TO_COMPLETE = 5

export class MultipartApi implements StoreDriver {
  readonly provider: StoreDriver['provider']
  readonly bucket: StoreDriver['bucket']
  readonly limits: StoreDriver['limits']
  readonly partChecksum: StoreDriver['partChecksum']
  readonly tellsChecksumWithRanges: StoreDriver['tellsChecksumWithRanges']
  readonly hasCertainMd5Etags: StoreDriver['hasCertainMd5Etags']
  readonly #dialect: Dialect
  readonly #headers: ObjectHeaders
  readonly #integrity: Integrity
  readonly #answers: AnswerReader
  readonly #requester: Requester
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
    this.#reader = new ObjectReader(dialect, this.#headers, this.#answers, this.#requester)
    this.#lists = new BucketLists(dialect, this.#answers, this.#requester)
    this.tellsChecksumWithRanges = dialect.checksums.own?.isToldWithRanges === true
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
    const headers = { ...this.#headers.on('put', options), ...(await this.#integrity.headersOfPut(body)) }
    await this.#keepWhatIsThere(key, 'put', options, context)
    return this.#requester.call(
      { operation: 'PutObject', method: 'PUT', key, headers, body, pacedMs: this.#pacedMs(headers, body) },
      context,
      async (answer) => {
        await this.#integrity.check(answer, body, options, { request: 'put', headers })
        const stored = this.#answers.stored(answer, this.#answers.etag(answer), options)
        return this.#hasCallback(headers) ? { ...stored, callback: callbackAnswer(answer.text) } : stored
      },
    )
  }

  async initiateMultipartUpload(key: string, options: ObjectOptions, context: CallContext): Promise<string> {
    await this.#keepWhatIsThere(key, 'initiate', options, context)
    return this.#requester.call(
      {
        operation: 'InitiateMultipartUpload',
        method: 'POST',
        key,
        query: [['uploads', ''], ...this.#encoded],
        headers: { ...this.#headers.on('initiate', options), ...this.#integrity.headersOfInitiate() },
      },
      context,
      async (answer) => {
        const root = await this.#answers.root(answer, 'InitiateMultipartUploadResult')
        const uploadId = root.text('UploadId')
        if (uploadId === undefined || uploadId === '') {
          throw badAnswer('the answer names no upload id', answer, this.#dialect)
        }
        return uploadId
      },
    )
  }

  async uploadPart(part: PartUpload, options: ObjectOptions, context: CallContext): Promise<PartReceipt> {
    const receipt = await this.#sendPart(part, options, context)
    if (receipt !== undefined) return receipt
    context.onSent?.(-part.body.size)
    context.onRetry?.({
      operation: 'UploadPart',
      partNumber: part.partNumber,
      attempt: 1,
      delayMs: 0,
      reason: 'nothing in the response shows which bytes the service received: they are sent again with Content-MD5',
      outcomeUnknown: true,
    })
    const checked = await this.#sendPart(part, { ...options, contentMd5: true }, context)
    if (checked !== undefined) return checked
    throw new Error('Invariant: a part that was sent with Content-MD5 is shown to have arrived')
  }

  /** Undefined where nothing in the response depends on the bytes: they must be sent again, with Content-MD5. */
  async #sendPart(part: PartUpload, options: ObjectOptions, context: CallContext): Promise<PartReceipt | undefined> {
    const { key, uploadId, partNumber, body } = part
    const headers = {
      ...this.#headers.on('part', options),
      ...(await this.#integrity.headersOfPart(body, options)),
    }
    return this.#requester.call(
      {
        operation: 'UploadPart',
        method: 'PUT',
        key,
        partNumber,
        uploadId,
        query: [
          ['partNumber', String(partNumber)],
          ['uploadId', uploadId],
        ],
        headers,
        body,
        pacedMs: this.#pacedMs(headers, body),
      },
      context,
      async (answer) => {
        const { isShown, checksum } = await this.#integrity.check(answer, body, options, { request: 'part', headers })
        if (!isShown) return undefined
        return { etag: this.#answers.etag(answer), ...(checksum === undefined ? {} : { checksum }) }
      },
    )
  }

  async completeMultipartUpload(
    upload: UploadAddress,
    parts: readonly CompletedPart[],
    options: ObjectOptions,
    context: CallContext,
  ): Promise<StoredObject> {
    const { key, uploadId } = upload
    await this.#keepWhatIsThere(key, 'complete', options, context)
    const headers = this.#headers.on('complete', options)
    const list = parts.map((part) => {
      const { partNumber, etag } = part
      return `<Part><PartNumber>${partNumber}</PartNumber><ETag>${escapeXml(etag)}</ETag>${this.#integrity.elementOf(part)}</Part>`
    })
    const bytes = Buffer.from(`<CompleteMultipartUpload>${list.join('')}</CompleteMultipartUpload>`)
    return this.#requester.call(
      {
        operation: 'CompleteMultipartUpload',
        method: 'POST',
        key,
        uploadId,
        query: [['uploadId', uploadId], ...this.#encoded],
        headers: { ...headers, ...this.#integrity.headersOfComplete(parts), 'content-type': 'application/xml' },
        body: { segments: [bytes], size: bytes.length },
        patience: PATIENCE_TO_COMPLETE,
      },
      context,
      async (answer) => {
        // The body is the callback server's answer where a callback was asked for.
        if (this.#hasCallback(headers)) {
          return {
            ...this.#answers.stored(answer, answer.headers['etag'], options),
            callback: callbackAnswer(answer.text),
          }
        }
        const root = await this.#answers.root(answer, 'CompleteMultipartUploadResult')
        return this.#answers.stored(answer, root.text('ETag') ?? answer.headers['etag'], options, root)
      },
    )
  }

  async abortMultipartUpload(
    { key, uploadId }: UploadAddress,
    context: CallContext,
    options: ObjectOptions = {},
  ): Promise<void> {
    const headers = this.#headers.on('abort', options)
    const query = [['uploadId', uploadId]] as const
    try {
      await this.#requester.call(
        { operation: 'AbortMultipartUpload', method: 'DELETE', key, uploadId, query, headers },
        context,
        (answer) => {
          // Any other success is not this service's word that the parts are gone.
          if (answer.status !== 204) throw badAnswer('the answer is not 204', answer, this.#dialect)
        },
      )
    } catch (error) {
      if (!(error instanceof UploadError && error.code === 'NO_SUCH_UPLOAD')) throw error
    }
  }

  async listParts(
    { key, uploadId }: UploadAddress,
    page: PartsPageRequest,
    context: CallContext,
    options: ObjectOptions = {},
  ): Promise<PartsPage> {
    const headers = this.#headers.on('list-parts', options)
    const query = [['uploadId', uploadId] as const, ...this.#encoded, ...partsPageQuery(page)]
    const call = { operation: 'ListParts', method: 'GET', key, uploadId, query, headers } as const
    return this.#requester.call(call, context, (answer) =>
      this.#answers.understand(answer, async () =>
        readPartsPage(await this.#answers.root(answer, 'ListPartsResult'), page, this.#integrity.elementName),
      ),
    )
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
      // All services answer 204; a portal's page comes with 200.
      if (answer.status === 204 || answer.headers[this.#dialect.requestIdHeader] !== undefined) return
      throw badAnswer('the response has no request id: it is not one of the service', answer, this.#dialect)
    })
  }

  async close(): Promise<void> {
    this.#requester.close()
    await this.#transport.close()
  }

  async #keepWhatIsThere(
    key: string,
    request: ObjectRequest,
    options: ObjectOptions,
    context: CallContext,
  ): Promise<void> {
    if (options.forbidOverwrite !== true || this.#dialect.conditionalRequests.includes(request)) return
    await refuseExisting(this, key, request, { ...context, isUnderWay: request === 'complete' }, options)
  }

  get #encoded(): QueryParameter[] {
    return this.#dialect.encodesNames === 'always' ? [ENCODED] : []
  }

  /** What a traffic limit makes of a body, which the service then reads so slowly that it seems to stand still. */
  #pacedMs(headers: Readonly<Record<string, string>>, body: ObjectBody): number {
    const bitsPerSecond = Number(headers[`${this.#dialect.headerPrefix}traffic-limit`])
    return bitsPerSecond > 0 ? Math.ceil((body.size * 8 * 1000) / bitsPerSecond) : 0
  }

  #hasCallback(headers: Readonly<Record<string, string>>): boolean {
    return `${this.#dialect.headerPrefix}callback` in headers
  }
}
