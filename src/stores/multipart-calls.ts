/** The operations of a multipart upload: Initiate, UploadPart, Complete, Abort and ListParts. */
import { UploadError } from '../shared/errors.js'
import { escapeXml } from '../shared/text/xml.js'
import type { QueryParameter } from '../signing/signable-request.js'
import { ENCODED } from './bucket-lists.js'
import type { Dialect } from './dialect.js'
import type { Integrity } from './integrity/integrity.js'
import { partsPageQuery, readPartsPage } from './listings.js'
import { callbackAnswer, hasCallback } from './object/callback.js'
import type { ObjectHeaders } from './object/object-headers.js'
import type { ObjectOptions } from './object/object-options.js'
import type { WriteConditions } from './object/write-conditions.js'
import type { AnswerReader } from './request/answer-reader.js'
import { badAnswer } from './request/attempt-failure.js'
import { pacedMsOf } from './request/call.js'
import type { Requester } from './request/requester.js'
import type {
  CallContext,
  CompletedPart,
  PartReceipt,
  PartsPage,
  PartsPageRequest,
  PartUpload,
  StoredObject,
  UploadAddress,
} from './store-driver.js'

/** Factor for the time limit of Complete: combining 10,000 parts takes longer than any other operation. */
const PATIENCE_TO_COMPLETE = 5

/** The dependencies of operations on objects. */
export interface CallParts {
  dialect: Dialect
  headers: ObjectHeaders
  integrity: Integrity
  answers: AnswerReader
  requester: Requester
  conditions: WriteConditions
}

export class MultipartCalls {
  readonly #dialect: Dialect
  readonly #headers: ObjectHeaders
  readonly #integrity: Integrity
  readonly #answers: AnswerReader
  readonly #requester: Requester
  readonly #conditions: WriteConditions

  constructor({ dialect, headers, integrity, answers, requester, conditions }: CallParts) {
    this.#dialect = dialect
    this.#headers = headers
    this.#integrity = integrity
    this.#answers = answers
    this.#requester = requester
    this.#conditions = conditions
  }

  async initiate(key: string, options: ObjectOptions, context: CallContext): Promise<string> {
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
          throw badAnswer('the response has no upload ID', answer, this.#dialect)
        }
        return uploadId
      },
    )
  }

  async sendPart(part: PartUpload, options: ObjectOptions, context: CallContext): Promise<PartReceipt> {
    const receipt = await this.#send(part, options, context)
    if (receipt !== undefined) return receipt
    context.onSent?.(-part.body.size)
    context.onRetry?.({
      operation: 'UploadPart',
      partNumber: part.partNumber,
      attempt: 1,
      delayMs: 0,
      reason: 'the response does not prove which bytes the service received: sending them again with Content-MD5',
      outcomeUnknown: true,
    })
    const checked = await this.#send(part, { ...options, contentMd5: true }, context)
    if (checked !== undefined) return checked
    throw new Error('Invariant: the response to a part with Content-MD5 proves its bytes')
  }

  /** Resolves with undefined if nothing in the response depends on the bytes: they must be sent again, with Content-MD5. */
  async #send(part: PartUpload, options: ObjectOptions, context: CallContext): Promise<PartReceipt | undefined> {
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
        pacedMs: pacedMsOf(headers, body, this.#dialect),
      },
      context,
      async (answer) => {
        const { isProven, checksum } = await this.#integrity.check(answer, body, options, { request: 'part', headers })
        if (!isProven) return undefined
        return { etag: this.#answers.etag(answer), ...(checksum === undefined ? {} : { checksum }) }
      },
    )
  }

  async complete(
    upload: UploadAddress,
    parts: readonly CompletedPart[],
    options: ObjectOptions,
    context: CallContext,
  ): Promise<StoredObject> {
    const write = {
      operation: 'CompleteMultipartUpload',
      key: upload.key,
      request: 'complete',
      options,
      context,
    } as const
    return this.#conditions.send(write, this.#headers.on('complete', options), async (headers) =>
      this.#complete(upload, parts, headers, options, context),
    )
  }

  async #complete(
    { key, uploadId }: UploadAddress,
    parts: readonly CompletedPart[],
    headers: Readonly<Record<string, string>>,
    options: ObjectOptions,
    context: CallContext,
  ): Promise<StoredObject> {
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
        // With a callback, the body is the response of the callback server.
        if (hasCallback(headers, this.#dialect)) {
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

  async abort({ key, uploadId }: UploadAddress, context: CallContext, options: ObjectOptions): Promise<void> {
    const headers = this.#headers.on('abort', options)
    const query = [['uploadId', uploadId]] as const
    try {
      await this.#requester.call(
        { operation: 'AbortMultipartUpload', method: 'DELETE', key, uploadId, query, headers },
        context,
        (answer) => {
          // Another success status does not confirm that the parts are removed.
          if (answer.status !== 204)
            throw badAnswer('the status code of the response is not 204', answer, this.#dialect)
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
    options: ObjectOptions,
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

  get #encoded(): QueryParameter[] {
    return this.#dialect.encodesNames === 'always' ? [ENCODED] : []
  }
}
